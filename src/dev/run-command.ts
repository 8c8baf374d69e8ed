import { spawn } from 'node:child_process';
import { setTimeout as later, clearTimeout as forget } from 'node:timers';

/** Whom a command runs as; empty for "as ourselves". */
export interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** Surroundings of one short command. */
export interface CommandOptions {
  readonly as?: RunAs;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** The command is killed after this long and counts as failed; 60 s when left out. */
  readonly timeoutMs?: number;
}

/** How a command ended; `code` is -1 when it could not be started or was killed. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs a command to its end; a failure is an outcome, never an exception. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const finish = (code: number, reason = ''): void => {
      forget(timer);
      options.signal?.removeEventListener('abort', kill);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() + reason });
    };
    const child = spawn(command, args, {
      ...options.as,
      cwd: options.cwd ?? '/',
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = (): void => void child.kill('SIGKILL');
    const timer = later(kill, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    if (options.signal?.aborted) kill();
    options.signal?.addEventListener('abort', kill);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', (error) => finish(-1, error.message));
    child.once('close', (code) => finish(code ?? -1));
  });
}
