import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { EmbeddedRedisKind } from './embedded-redis.js';

/** What a user of the keeper wants to have running. */
export interface Wish {
  readonly postgres: boolean;
  readonly redis: boolean;
  /** Port of the sandbox; undefined when none is wanted. */
  readonly sandboxPort?: number | undefined;
  readonly fsync: boolean;
  /** How long the keeper stays when this user was the last one. */
  readonly lingerSeconds: number;
}

/** What is running; only the wished parts are filled in. */
export interface Running {
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly redisKind?: EmbeddedRedisKind;
  readonly sandboxUrl?: string;
}

/** One JSON object a line, from a user to the keeper. */
export type FromUser =
  { readonly type: 'acquire'; readonly token: string; readonly wish: Wish } | { readonly type: 'release' };

/** One JSON object a line, from the keeper to a user; `released` says that the keeper goes on for others, or has stopped everything. */
export type FromKeeper =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'ready'; readonly running: Running }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'released' };

/** Where a keeper says how to reach it: `{ port, token, pid, identity }`, mode 600. */
export function addressPath(stateDir: string): string {
  return join(stateDir, 'keeper.json');
}

/** Sends one message; on a socket that is closing it is lost, which the other side sees as the end of the connection. */
export function send(socket: Socket, message: FromUser | FromKeeper): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

const LONGEST_LINE = 65_536;

/** Calls back for each message; a peer that does not speak the protocol is cut off. The cast is safe: only holders of the token get this far. */
export function receive<T extends FromUser | FromKeeper>(socket: Socket, onMessage: (message: T) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    if (pending.length > LONGEST_LINE) socket.destroy();
    try {
      for (const line of lines) onMessage(JSON.parse(line) as T);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      socket.destroy();
    }
  });
}
