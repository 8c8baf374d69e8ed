import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../core/clock.js';
import type { Seat, Seats } from '../link.js';
import type { FromHub } from '../messages.js';
import type { Timers } from '../timers.js';
import { fittedWord } from './fit.js';
import { TokenBucket } from './token-bucket.js';
import { toleranceSeconds, type Bearer } from './tokens.js';
import { readToHub, type Fault } from './validate.js';

/** Why a hub closes a line, in the code of the closing frame. */
export const closeCodes = {
  /** Told by the hub itself; the reason says more. */
  CUT: 4400,
  TOKEN_OVER: 4401,
  NOT_YOU: 4403,
  REPLACED: 4409,
  TOO_FAST: 4429,
  NOT_LEADING: 4503,
} as const;

/** The code for a reason of the hub's own. */
function codeOf(reason: string): number {
  if (reason === 'REVOKED') return closeCodes.NOT_YOU;
  return Object.hasOwn(closeCodes, reason) ? closeCodes[reason as keyof typeof closeCodes] : closeCodes.CUT;
}

/** What every socket of a gateway is kept with. */
export interface SocketParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly heartbeatMs: number;
  readonly messagesPerSecond: number;
  /** The hub of this process while it surely leads. */
  leading(): object | undefined;
  /** Judges a fresh token. */
  verify(token: string): Promise<Bearer | undefined>;
}

/** Bytes that may wait for an instance that does not read; it is given up then, and comes back to what is current. */
const mostWaiting = 1_048_576;
/** How long the other end of a line that ends is waited for. */
const patienceMs = 1000;
/** Frames that are no messages which an instance may send in its life. */
const mostFaults = 20;

/**
 * The hub's end of one socket: only messages get through, only so many, and only as long as the token lives.
 *
 *     open ──message──▶ seat        ──fresh token──▶ open, for longer
 *       └── two heartbeats of silence, token over, too fast, too slow, bad frames, cut by the hub ──▶ closed, seat lost
 */
export class InstanceSocket {
  readonly #seat: Seat;
  readonly #messages: TokenBucket;
  readonly #callOff: (() => void)[] = [];
  #heardAt: number;
  #faults = 0;
  #open = true;
  #callOffExpiry: () => void = () => undefined;

  constructor(
    readonly instance: string,
    private readonly socket: WebSocket,
    private readonly parts: SocketParts,
    { seats, epoch }: { readonly seats: Seats; readonly epoch: number },
  ) {
    const { clock, timers, heartbeatMs, messagesPerSecond } = parts;
    this.#heardAt = clock.elapsed();
    this.#messages = new TokenBucket({ perSecond: messagesPerSecond, burst: messagesPerSecond }, clock);
    this.#seat = seats.attach(instance, {
      say: (message) => this.#say(message),
      cut: (reason) => this.#end(codeOf(reason), reason, false),
    });
    const fault = (code: Fault) => this.#say({ epoch, n: 0, type: 'error', code });
    socket.on('message', (data, binary) => this.#message(data, binary, fault));
    // Control frames cost as much as messages, and show as well that somebody is there.
    for (const kind of ['ping', 'pong'] as const) socket.on(kind, () => this.#heard());
    // What is wrong with a frame closes the line, by RFC 6455 and by ws; there is nothing to add.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost());
    this.#callOff.push(timers.every(heartbeatMs, () => this.#beat()));
  }

  /** The line lives as long as this token, or a later one. */
  trust({ expiresAt }: Bearer): void {
    this.#callOffExpiry();
    const ms = expiresAt + toleranceSeconds * 1000 - this.parts.clock.now();
    this.#callOffExpiry = this.parts.timers.after(Math.max(0, ms), () => this.close('TOKEN_OVER'));
  }

  close(why: keyof typeof closeCodes): void {
    this.#end(closeCodes[why], why, true);
  }

  /** Resolves when the socket is closed, by force if it comes to that. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.readyState === this.socket.CLOSED) return resolve();
      const late = this.parts.timers.after(patienceMs, () => this.socket.terminate());
      this.socket.once('close', () => {
        late();
        resolve();
      });
    });
  }

  #message(data: RawData, binary: boolean, fault: (code: Fault) => void): void {
    if (!this.#heard() || !this.#open) return;
    if (binary) return this.#end(1003, 'TEXT_ONLY', true);
    // A process that stood still may hear this before it knows that it leads no longer.
    if (!this.parts.leading()) return this.close('NOT_LEADING');
    const read = readToHub((data as Buffer).toString('utf8'));
    if ('fault' in read) {
      fault(read.fault);
      if ((this.#faults += 1) > mostFaults) this.close('TOO_FAST');
      return;
    }
    const { message } = read;
    if (message.type === 'token') return void this.#renew(message.token);
    if (message.type === 'hello' && message.instance !== this.instance) return this.close('NOT_YOU');
    this.#seat.receive(message);
  }

  async #renew(token: string): Promise<void> {
    const bearer = await this.parts.verify(token);
    if (!this.#open) return;
    if (bearer?.instance !== this.instance) return this.close(bearer ? 'NOT_YOU' : 'TOKEN_OVER');
    this.trust(bearer);
  }

  #heard(): boolean {
    this.#heardAt = this.parts.clock.elapsed();
    if (this.#messages.take()) return true;
    this.close('TOO_FAST');
    return false;
  }

  #beat(): void {
    const silentMs = this.parts.clock.elapsed() - this.#heardAt;
    if (silentMs >= 2 * this.parts.heartbeatMs) return this.socket.terminate();
    this.socket.ping();
  }

  #say(message: FromHub): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.socket.bufferedAmount > mostWaiting) return this.socket.terminate();
    this.socket.send(JSON.stringify(fittedWord(message)), () => undefined);
  }

  #end(code: number, reason: string, tell: boolean): void {
    if (!this.#open) return;
    if (tell) this.#lost();
    else this.#stop();
    this.socket.close(code, reason.slice(0, 100));
    void this.ended();
  }

  #lost(): void {
    if (!this.#open) return;
    this.#stop();
    this.#seat.lost();
  }

  #stop(): void {
    this.#open = false;
    this.#callOffExpiry();
    for (const callOff of this.#callOff.splice(0)) callOff();
  }
}
