import { WebSocket } from 'ws';
import type { Clock } from '../../core/clock.js';
import type { Listener } from '../link.js';
import type { ToHub } from '../messages.js';
import type { Timers } from '../timers.js';
import { fitted } from './fit.js';
import { hubPath, runField } from './hub.gateway.js';
import type { Call } from './kept-line.js';
import { longestMessage } from './to-hub-schema.js';
import type { IssuedToken } from './tokens.js';
import { readFromHub, type WireToHub } from './validate.js';

/** What a connection to a hub is made with. */
export interface DialParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly heartbeatMs: number;
  /** Which run of this process it is, the same for all its connections. */
  readonly run: string;
  /** A token for this instance, from the hub at this address or made here. */
  token(url: string): Promise<IssuedToken>;
  /** Told of what went wrong, in a word that is no secret. */
  warn(why: string): void;
}

/** Bytes that may wait for a hub that does not read; it is given up then. */
const mostWaiting = 1_048_576;
/** A token is exchanged when so much of its life is over. */
const freshPart = 0.7;
/** And asked for again after so much of what is left, when that fails. */
const retryPart = 0.25;
const shortestPauseMs = 200;
/** How long the hub is waited for to agree that a line has ended. */
const patienceMs = 1000;

/** Opens a connection to the hub at a staff address: token, socket, heartbeats, a fresh token in time. */
export function dialHub(url: string, parts: DialParts, listener: Listener): Call {
  const connection = new Connection(url, parts, listener);
  connection.open();
  return connection;
}

/** Ended once, whatever ends it; `lost` is then said once. */
class Connection implements Call {
  #socket: WebSocket | undefined;
  #ended = false;
  #heardAt = 0;
  readonly #callOff = new Set<() => void>();

  constructor(
    private readonly url: string,
    private readonly parts: DialParts,
    private readonly listener: Listener,
  ) {}

  /** An address that is none and a token that no header can hold throw: nobody else would hear of it, and the process would end. */
  open(): void {
    this.#reach().catch(() => this.#end('out of reach'));
  }

  async #reach(): Promise<void> {
    const { parts } = this;
    const issued = await parts.token(this.url).catch(() => undefined);
    if (this.#ended) return;
    if (!issued) return this.#end('no token');
    const address = new URL(hubPath, this.url);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, {
      headers: { authorization: `Bearer ${issued.token}`, [runField]: parts.run },
      ...{ perMessageDeflate: false, maxPayload: longestMessage, handshakeTimeout: parts.heartbeatMs },
      followRedirects: false,
    });
    this.#socket = socket;
    socket.on('open', () => this.#opened(issued));
    socket.on('message', (data, binary) => this.#message(binary ? '' : (data as Buffer).toString('utf8')));
    for (const kind of ['ping', 'pong'] as const) socket.on(kind, () => this.#heard());
    socket.on('unexpected-response', (_request, { statusCode }) => {
      this.#end(`refused with ${statusCode}`);
      socket.terminate();
    });
    socket.on('error', () => this.#end('out of reach'));
    socket.on('close', (code) => this.#end(`closed with ${code}`));
  }

  say(message: ToHub): boolean {
    return fitted(message).every((piece) => this.#send(piece));
  }

  close(): void {
    this.#end();
    this.#hangUp(1000);
  }

  #hangUp(code: number): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.close(code);
    const late = this.parts.timers.after(patienceMs, () => socket.terminate());
    socket.once('close', late);
  }

  #opened(issued: IssuedToken): void {
    if (this.#ended) return;
    this.#heard();
    this.#callOff.add(this.parts.timers.every(this.parts.heartbeatMs, () => this.#beat()));
    this.#renewLater(issued, freshPart);
    this.listener.opened();
  }

  #message(text: string): void {
    this.#heard();
    if (this.#ended) return;
    const read = readFromHub(text);
    if ('message' in read) {
      if (read.message.type === 'error') this.parts.warn(`told ${read.message.code}`);
      return this.listener.received(read.message);
    }
    // A hub that cannot be understood must not be obeyed by halves.
    this.#end(`not understood: ${read.fault}`);
    this.#hangUp(1007);
  }

  #renewLater({ expiresAt }: IssuedToken, part: number): void {
    const left = Math.max(0, expiresAt - this.parts.clock.now());
    const callOff = this.parts.timers.after(Math.max(shortestPauseMs, left * part), () => {
      this.#callOff.delete(callOff);
      void this.#renew(expiresAt);
    });
    this.#callOff.add(callOff);
  }

  async #renew(expiresAt: number): Promise<void> {
    const issued = await this.parts.token(this.url).catch(() => undefined);
    if (this.#ended) return;
    if (!issued && expiresAt <= this.parts.clock.now()) return;
    if (!issued) return this.#renewLater({ token: '', expiresAt }, retryPart);
    this.#send({ type: 'token', token: issued.token });
    this.#renewLater(issued, freshPart);
  }

  #send(message: WireToHub): boolean {
    const socket = this.#socket;
    if (this.#ended || socket?.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > mostWaiting) {
      // What is left out would be missed for as long as the line lives: a new one begins with what is current.
      this.#end('it does not read');
      socket.terminate();
      return false;
    }
    const text = JSON.stringify(message);
    // A longer one would end the line at the other end; its sender has bounds of its own.
    if (Buffer.byteLength(text) > longestMessage) return false;
    socket.send(text, () => undefined);
    return true;
  }

  #heard(): void {
    this.#heardAt = this.parts.clock.elapsed();
  }

  #beat(): void {
    if (this.parts.clock.elapsed() - this.#heardAt >= 2 * this.parts.heartbeatMs) {
      this.#end('silent');
      return this.#socket?.terminate();
    }
    this.#socket?.ping();
  }

  #end(why?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const callOff of this.#callOff) callOff();
    this.#callOff.clear();
    if (why !== undefined) this.parts.warn(why);
    this.listener.lost();
  }
}
