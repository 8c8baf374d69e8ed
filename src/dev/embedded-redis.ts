import { accessSync, constants, existsSync, mkdirSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ReadyChild } from './embedded-postgres.js';
import { launch, untilReady, type LaunchOrder } from './launched-child.js';
import { ask } from './ports.js';
import { redisFromPackage, runsHere, type RedisProgram } from './redis-package.js';
import { choosePort, rememberPort } from './remembered-ports.js';

/** Where a Redis came from, best first; the last resort is JavaScript, in memory and slow. */
export type EmbeddedRedisKind = 'path' | 'deb' | 'last-resort';

/** What the launcher of Redis needs. */
export interface RedisOrder {
  readonly stateDir: string;
  /** The built `main.keeper.js`, which also serves the last resort. */
  readonly keeperFile: string;
  /** Given when it is started again: its users know the old URL. */
  readonly port?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** A running Redis and its origin. */
export interface ReadyRedis extends ReadyChild {
  readonly kind: EmbeddedRedisKind;
}

const READY_TIMEOUT_MS = 30_000;
const PING_TIMEOUT_MS = 1_000;
/** Redis' own words for files it cannot load. */
const UNREADABLE = /AOF|RDB|append only file|format version/i;

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function redisOnPath(): Promise<RedisProgram | undefined> {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  for (const name of ['valkey-server', 'redis-server']) {
    for (const command of directories.map((directory) => join(directory, name)).filter(executable)) {
      if (await runsHere({ command, env: {} })) return { command, env: {} };
    }
  }
  return undefined;
}

async function runRedis(
  order: RedisOrder,
  start: Pick<LaunchOrder, 'command' | 'env'>,
  argsFor: (port: number) => string[],
): Promise<ReadyChild> {
  const port = await choosePort(order.stateDir, 'redis', order.port);
  const child = await launch({ ...start, name: 'redis', stateDir: order.stateDir, args: argsFor(port) });
  const answers = async (): Promise<boolean> =>
    (await ask(port, '*1\r\n$4\r\nPING\r\n', PING_TIMEOUT_MS)).startsWith('+PONG');
  await untilReady(child, answers, { timeoutMs: READY_TIMEOUT_MS, signal: order.signal });
  rememberPort(order.stateDir, 'redis', port);
  return { child, url: `redis://127.0.0.1:${port}` };
}

/** `noeviction` because queues live here: an evicted key would be a lost job. */
function realArgs(dir: string, port: number): string[] {
  const fixed = [
    '--bind',
    '127.0.0.1',
    '--protected-mode',
    'yes',
    '--daemonize',
    'no',
    '--maxmemory-policy',
    'noeviction',
  ];
  return ['--port', String(port), ...fixed, '--save', '', '--appendonly', 'yes', '--dir', dir];
}

async function runReal(order: RedisOrder, program: RedisProgram): Promise<ReadyChild> {
  const dir = join(order.stateDir, 'redis');
  const fresh = !existsSync(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const start = { command: program.command, env: { PATH: process.env['PATH'], LC_ALL: 'C', ...program.env } };
  const run = (): Promise<ReadyChild> => runRedis(order, start, (port) => realArgs(dir, port));
  try {
    return await run();
  } catch (error) {
    if (fresh || order.signal.aborted || !UNREADABLE.test(String(error))) throw error;
    // Files of a newer Redis, or damaged ones. PostgreSQL holds the truth, so a start with an empty Redis loses no deposit.
    renameSync(dir, `${dir}.unreadable-${Date.now()}`);
    mkdirSync(dir, { mode: 0o700 });
    order.onProgress('Redis : anciens fichiers illisibles, mis de côté');
    return run();
  }
}

/** Starts the best Redis to be had: one on the PATH, else the distribution's package, else the last resort. */
export async function startEmbeddedRedis(order: RedisOrder): Promise<ReadyRedis> {
  order.onProgress('Redis : démarrage');
  const onPath = await redisOnPath();
  if (onPath) return { ...(await runReal(order, onPath)), kind: 'path' };
  const packaged = await redisFromPackage(order.signal, order.onProgress);
  if (packaged) return { ...(await runReal(order, packaged)), kind: 'deb' };
  const start = { command: process.execPath, env: { PATH: process.env['PATH'] } };
  const last = await runRedis(order, start, (port) => [order.keeperFile, 'last-resort-redis', String(port)]);
  return { ...last, kind: 'last-resort' };
}
