import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { KeeperChildren, stopLeftovers, type KeeperPlace } from './keeper-children.js';
import { dropLock, takeLock } from './keeper-lock.js';
import { addressPath, receive, send, type FromUser, type Wish } from './keeper-protocol.js';
import { recordOf } from './process-identity.js';
import { writePrivate } from './state-files.js';

/** A keeper nobody has asked for anything by then was orphaned at birth. */
const FIRST_USER_WITHIN_MS = 15_000;
const INTRODUCTION_WITHIN_MS = 5_000;

/**
 * One process per state directory that owns the embedded services, for as long as a user holds a connection.
 *
 *            first user                   last user gone              linger over, or asked to stop
 *   waiting ────────────▶ serving ──────────────────────▶ lingering ───────────────────────────▶ stopping ──▶ ended
 *      │                     ▲                                │                                     ▲
 *      │                     └────────── a new user ──────────┘                                     │
 *      └───────────────────────────── nobody came ──────────────────────────────────────────────────┘
 *
 * A user that was killed looks like one that left: its connection is closed by the system.
 */
class Keeper {
  private readonly token = randomBytes(32).toString('hex');
  private readonly users = new Map<Socket, Wish>();
  private readonly waiting = new Set<Socket>();
  private readonly farewells = new Set<Socket>();
  private readonly children: KeeperChildren;
  private readonly server = createServer((socket) => this.welcome(socket));
  private lastProgress = '';
  private leaveTimer: NodeJS.Timeout | undefined;
  private stopped: Promise<void> | undefined;

  constructor(private readonly place: KeeperPlace) {
    this.children = new KeeperChildren(place, { progress: (text) => this.tell(text), log });
  }

  async open(): Promise<void> {
    await stopLeftovers(this.place.stateDir);
    this.server.listen({ port: 0, host: '127.0.0.1' });
    await once(this.server, 'listening');
    const address = this.server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    writePrivate(
      addressPath(this.place.stateDir),
      JSON.stringify({ ...recordOf(process.pid), port, token: this.token }),
    );
    this.stopAfter(FIRST_USER_WITHIN_MS);
  }

  /** Stops the children, then gives the state directory free, then says so to whoever waits for it. */
  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private async shutDown(): Promise<void> {
    clearTimeout(this.leaveTimer);
    rmSync(addressPath(this.place.stateDir), { force: true });
    this.server.close();
    await this.children.stop();
    dropLock(this.place.stateDir);
    for (const socket of this.farewells) send(socket, { type: 'released' });
    await Promise.all([...this.farewells].map((socket) => new Promise<void>((resolve) => socket.end(resolve))));
    log('stopped');
  }

  private stopAfter(milliseconds: number): void {
    clearTimeout(this.leaveTimer);
    this.leaveTimer = setTimeout(() => void this.stop().then(() => process.exit(0)), milliseconds);
  }

  private welcome(socket: Socket): void {
    const stranger = setTimeout(() => socket.destroy(), INTRODUCTION_WITHIN_MS);
    socket.once('close', () => {
      clearTimeout(stranger);
      this.leave(socket);
    });
    receive<FromUser>(socket, (message) => {
      if (message.type === 'release') return this.release(socket);
      if (this.stopped || !this.isToken(message.token)) return void socket.destroy();
      clearTimeout(stranger);
      void this.serve(socket, message.wish);
    });
  }

  private isToken(given: unknown): boolean {
    const [wanted, offered] = [Buffer.from(this.token), Buffer.from(String(given))];
    return wanted.length === offered.length && timingSafeEqual(wanted, offered);
  }

  private async serve(socket: Socket, wish: Wish): Promise<void> {
    clearTimeout(this.leaveTimer);
    // Came between a farewell and the stop: the one who left need not wait any more.
    for (const leaver of this.farewells) send(leaver, { type: 'released' });
    this.farewells.clear();
    this.users.set(socket, wish);
    this.waiting.add(socket);
    if (this.lastProgress !== '') send(socket, { type: 'progress', text: this.lastProgress });
    try {
      send(socket, { type: 'ready', running: await this.children.provide(wish) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log(`could not start: ${message}`);
      send(socket, { type: 'failed', message });
    } finally {
      this.waiting.delete(socket);
      if (this.waiting.size === 0) this.lastProgress = '';
    }
  }

  private release(socket: Socket): void {
    const wish = this.users.get(socket);
    if (!wish) return void socket.destroy();
    if (this.users.size === 1 && wish.lingerSeconds === 0) this.farewells.add(socket);
    else send(socket, { type: 'released' });
    this.leave(socket);
  }

  private leave(socket: Socket): void {
    const wish = this.users.get(socket);
    this.users.delete(socket);
    if (wish && this.users.size === 0 && !this.stopped) this.stopAfter(wish.lingerSeconds * 1_000);
  }

  private tell(text: string): void {
    log(text);
    this.lastProgress = text;
    for (const socket of this.waiting) send(socket, { type: 'progress', text });
  }
}

function log(text: string): void {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}

/** Runs the keeper of a state directory until its last user has gone; ends at once when another keeper has the lock. */
export async function runKeeper(place: KeeperPlace): Promise<void> {
  mkdirSync(place.stateDir, { recursive: true });
  if (!takeLock(place.stateDir)) return;
  const keeper = new Keeper(place);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void keeper.stop().then(() => process.exit(0)));
  process.on('SIGHUP', () => log('hangup ignored'));
  await keeper.open();
}
