import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { recordOf, stopProcess, writeProcessRecord } from './process-identity.js';
import type { RunAs } from './run-command.js';

/** The three programs a keeper may own. */
export type ChildName = 'postgres' | 'redis' | 'sandbox';

/** How each child is told to end in good order (for PostgreSQL SIGINT is the fast shutdown, SIGTERM waits for clients). */
export const STOP_SIGNALS: Readonly<Record<ChildName, NodeJS.Signals>> = {
  postgres: 'SIGINT',
  redis: 'SIGTERM',
  sandbox: 'SIGTERM',
};

/** After this long an unwilling child is killed. */
export const STOP_GRACE_MS = 10_000;

/** What to start and where it may leave traces. */
export interface LaunchOrder {
  readonly name: ChildName;
  readonly stateDir: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly as?: RunAs;
}

/** A started child; its output is in `<stateDir>/<name>.log`, its record in `<stateDir>/<name>.pid`. */
export interface LaunchedChild {
  readonly name: ChildName;
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<void>;
  hasExited(): boolean;
  /** The last lines it wrote, for an error message. */
  lastWords(): string;
  stop(): Promise<void>;
}

const LAST_LINES = 5;
const PROBE_EVERY_MS = 25;

/** Where the record of a child lies. */
export function recordPath(stateDir: string, name: ChildName): string {
  return join(stateDir, `${name}.pid`);
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').trim().split('\n').slice(-LAST_LINES).join(' | ');
}

/** Starts a child with its output in a file: a pipe would break, and the child with it, when the keeper is killed. */
export async function launch(order: LaunchOrder): Promise<LaunchedChild> {
  const log = join(order.stateDir, `${order.name}.log`);
  const output = openSync(log, 'w', 0o600);
  const child = spawn(order.command, order.args, {
    ...order.as,
    cwd: '/',
    env: order.env,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const record = recordPath(order.stateDir, order.name);
  if (child.pid !== undefined) writeProcessRecord(record, child.pid);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      resolve();
    });
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${order.name} n'a pas pu être lancé : ${error.message}`)));
    child.once('spawn', () => resolve(child.pid ?? -1));
  });
  const identified = recordOf(pid);
  return {
    name: order.name,
    pid,
    exited,
    hasExited: () => ended,
    lastWords: () => tail(log),
    stop: async () => {
      if (identified) await stopProcess(identified, STOP_SIGNALS[order.name], STOP_GRACE_MS);
      rmSync(record, { force: true });
    },
  };
}

/** Waits until the probe says yes; a child that ends or dawdles before that is stopped and its last words are the error. */
export async function untilReady(
  child: LaunchedChild,
  probe: () => Promise<boolean>,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const end = performance.now() + limits.timeoutMs;
  while (!(await probe())) {
    const why = child.hasExited()
      ? "s'est arrêté aussitôt"
      : performance.now() > end
        ? "n'a pas répondu à temps"
        : undefined;
    if (why !== undefined || limits.signal.aborted) {
      await child.stop();
      throw new Error(`${child.name} ${why ?? "n'est plus demandé"}: ${child.lastWords()}`);
    }
    await pause(PROBE_EVERY_MS);
  }
}
