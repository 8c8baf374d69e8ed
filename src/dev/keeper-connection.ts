import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isLocked } from './keeper-lock.js';
import { addressPath, receive, send, type FromKeeper, type Running, type Wish } from './keeper-protocol.js';
import { isAlive } from './process-identity.js';
import { readRecord } from './state-files.js';

/** How a user finds or starts the keeper. */
export interface KeeperOrder {
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute; the built files are in its `dist/`. */
  readonly projectRoot: string;
  readonly wish: Wish;
  readonly onProgress: (text: string) => void;
}

/** A held connection: as long as it is open the services live. */
export interface KeeperConnection {
  readonly socket: Socket;
  readonly running: Running;
}

const PATIENCE_MS = 240_000;
const LOOK_EVERY_MS = 40;
/** A keeper just spawned needs a moment to show itself. */
const SPAWN_AGAIN_MS = 5_000;
const KEPT_VARIABLES = /^(PATH|HOME|XDG_CACHE_HOME|TMPDIR|TZ|OPCOVIA_SANDBOX_.*|(https?|no|all)_proxy)$/i;

/**
 * `nest start --watch` kills the whole tree below what it restarts. Started through a shell that soon ends, the keeper belongs to
 * no tree. A keeper that fails at once is still noticed: the shell ends with its code.
 */
const launcher = '"$@" & keeper=$!; sleep 3; kill -0 "$keeper" 2>/dev/null || wait "$keeper"';

/** The keeper outlives its first user: it must not inherit that user's debugger, secrets or terminal. */
function spawnKeeper({ stateDir, projectRoot }: KeeperOrder): ChildProcess {
  const file = join(projectRoot, 'dist', 'src', 'main.keeper.js');
  if (!existsSync(file)) throw new Error(`${file} manque : lancez d'abord « npm run build ».`);
  mkdirSync(stateDir, { recursive: true });
  const log = openSync(join(stateDir, 'keeper.log'), 'a', 0o600);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT_VARIABLES.test(name)));
  const child = spawn('/bin/sh', ['-c', launcher, 'keeper', process.execPath, file, 'keep', stateDir, projectRoot], {
    detached: true,
    cwd: '/',
    env,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

interface Address {
  readonly port: number;
  readonly token: string;
}

/** Checked against the living process first: the port of a dead keeper may be a stranger's by now, and must not be told the token. */
function livingKeeper(stateDir: string): Address | undefined {
  const { port, token, pid, identity } = readRecord(addressPath(stateDir)) ?? {};
  if (typeof port !== 'number' || typeof token !== 'string' || typeof pid !== 'number' || typeof identity !== 'string')
    return undefined;
  return isAlive({ pid, identity }) ? { port, token } : undefined;
}

/** Undefined when the keeper was just stopping: then another one is to be found or started. */
function introduce(address: Address, order: KeeperOrder): Promise<KeeperConnection | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: address.port });
    socket.once('close', () => resolve(undefined));
    socket.once('connect', () => send(socket, { type: 'acquire', token: address.token, wish: order.wish }));
    receive<FromKeeper>(socket, (message) => {
      if (message.type === 'progress') order.onProgress(message.text);
      if (message.type === 'ready') resolve({ socket, running: message.running });
      if (message.type !== 'failed') return;
      reject(new Error(message.message));
      socket.destroy();
    });
  });
}

/** Connects to the keeper of the state directory, starting one when there is none; two users at the same instant end at the same keeper. */
export async function connectToKeeper(order: KeeperOrder): Promise<KeeperConnection> {
  const end = performance.now() + PATIENCE_MS;
  let spawnAgainAt = 0;
  let spawned: ChildProcess | undefined;
  // A keeper that finds another one at work ends with 0; any other code is a failure that trying again would only repeat.
  while (performance.now() < end && !spawned?.exitCode) {
    const address = livingKeeper(order.stateDir);
    const connection = address && (await introduce(address, order));
    if (connection) return connection;
    if (!address && !isLocked(order.stateDir) && performance.now() > spawnAgainAt) {
      spawned = spawnKeeper(order);
      spawnAgainAt = performance.now() + SPAWN_AGAIN_MS;
    }
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`Les services embarqués n'ont pas démarré ; voyez ${join(order.stateDir, 'keeper.log')}.`);
}

/** Gives the connection back; resolves when the keeper goes on for others or has stopped everything. False when the keeper had died before. */
export async function giveBack(socket: Socket): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  socket.ref();
  let released = false;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  receive<FromKeeper>(socket, (message) => {
    released ||= message.type === 'released';
    if (released) socket.destroy();
  });
  send(socket, { type: 'release' });
  await closed;
  return released;
}
