import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Seats } from '../link.js';
import { InstanceSocket, type SocketParts } from './instance-socket.js';
import { longestMessage } from './to-hub-schema.js';
import { TokenBucket } from './token-bucket.js';
import type { Bearer } from './tokens.js';

/** Where instances come in. */
export const hubPath = '/hub/ws';
/** Which run of a process opens a line: two processes of one name are two, and only one of them is let in. */
export const runField = 'opcovia-run';

/** What a gateway lets in to, and by which rules. */
export interface GatewayParts extends SocketParts {
  /** The hub of this process while it leads. */
  leading(): { readonly seats: Seats; readonly epoch: number } | undefined;
  revoked(instance: string): boolean;
  /** An instance is in: a successor must know of one more. */
  admitted(): void;
  readonly origins: readonly string[];
  readonly handshakesPerSecond: number;
  readonly mostConnections: number;
}

interface Guest {
  readonly socket: InstanceSocket;
  readonly run: string;
}

/**
 * The door for instances at the staff listener: everything is decided before the protocol changes, so that a stranger costs one
 * answer of HTTP. Each instance has one line at a time.
 */
export class HubGateway {
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: longestMessage });
  readonly #guests = new Map<string, Guest>();
  readonly #handshakes: TokenBucket;

  constructor(private readonly parts: GatewayParts) {
    const perSecond = parts.handshakesPerSecond;
    this.#handshakes = new TokenBucket({ perSecond, burst: Math.max(1, perSecond) }, parts.clock);
  }

  /** Takes over what asks this server for another protocol. */
  serve(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => undefined);
      this.#receive(request, socket, head).catch(() => refuse(socket, 500));
    });
  }

  /** Ends every line: this hub is the hub no longer. */
  cutAll(why: 'NOT_LEADING'): void {
    for (const { socket } of this.#guests.values()) socket.close(why);
  }

  /** Ends every line and waits for the other ends to agree, not for long. */
  async stop(): Promise<void> {
    this.cutAll('NOT_LEADING');
    await Promise.all([...this.#guests.values()].map(({ socket }) => socket.ended()));
  }

  /** Ends the line of an instance that is not welcome any more. */
  cut(instance: string): void {
    this.#guests.get(instance)?.socket.close('NOT_YOU');
  }

  /** Instances whose lines are open. */
  get connected(): readonly string[] {
    return [...this.#guests.keys()];
  }

  async #receive(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const unread = this.#unread(request);
    if (unread !== undefined) return refuse(socket, unread);
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const bearer = token === undefined ? undefined : await this.parts.verify(token);
    // From here on nothing is waited for: of two under one name only one finds the place free.
    if (!bearer) return refuse(socket, 401);
    const refused = this.#refusal(bearer, runOf(request));
    if (refused !== undefined) return refuse(socket, refused);
    this.#sockets.handleUpgrade(request, socket, head, (line) => this.#admit(line, bearer, runOf(request)));
  }

  /** The status with which a request is refused whatever its token. */
  #unread({ url, headers: { origin } }: IncomingMessage): number | undefined {
    // A query might hold a token, and lines of logs hold queries.
    if (url !== hubPath) return url?.startsWith(`${hubPath}?`) ? 400 : 404;
    return origin !== undefined && !this.parts.origins.includes(origin) ? 403 : undefined;
  }

  /** The same for an instance with a good token. */
  #refusal({ instance }: Bearer, run: string): number | undefined {
    if (this.parts.revoked(instance)) return 401;
    if (!this.parts.leading()) return 503;
    const known = this.#guests.get(instance);
    if (known && known.run !== run) return 409;
    if (!known && this.#guests.size >= this.parts.mostConnections) return 503;
    return this.#handshakes.take() ? undefined : 503;
  }

  #admit(line: WebSocket, bearer: Bearer, run: string): void {
    const leading = this.parts.leading();
    if (!leading) return line.close(4503, 'NOT_LEADING');
    const { instance } = bearer;
    this.#guests.get(instance)?.socket.close('REPLACED');
    const socket = new InstanceSocket(instance, line, this.parts, leading);
    const guest = { socket, run };
    this.#guests.set(instance, guest);
    line.once('close', () => {
      if (this.#guests.get(instance) === guest) this.#guests.delete(instance);
    });
    socket.trust(bearer);
    this.parts.admitted();
  }
}

function runOf({ headers }: IncomingMessage): string {
  const run = headers[runField];
  return typeof run === 'string' ? run.slice(0, 64) : '';
}

function refuse(socket: Duplex, status: number): void {
  const more = {
    401: 'WWW-Authenticate: Bearer realm="hub"\r\n',
    503: 'Retry-After: 1\r\n',
  }[status];
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${more ?? ''}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
