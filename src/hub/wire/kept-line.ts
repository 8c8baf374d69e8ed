import type { Clock } from '../../core/clock.js';
import type { Line, Listener } from '../link.js';
import type { FromHub, ToHub } from '../messages.js';
import type { Timers } from '../timers.js';

/** One connection to one hub, from the attempt to its end. */
export interface Call {
  say(message: ToHub): boolean;
  close(): void;
}

/** What a line is kept with. */
export interface KeptLineParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly timers: Timers;
  /** 0 to 1, evenly. */
  random(): number;
  /** Where the hub is now; undefined while there is none. Rejects when nobody can say. */
  find(): Promise<string | undefined>;
  /** Opens a connection; the listener hears at most one `opened` and exactly one `lost` in the end. */
  dial(url: string, listener: Listener): Call;
  /** How often to look whether the hub is elsewhere by now; never when absent. */
  readonly lookMs?: number;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A line that held so long is no reason to wait longer the next time. */
const stableMs = 60_000;

/**
 * Keeps a line to whoever is the hub: after a loss it waits a random time, at most twice as long each time, then asks again where the
 * hub is, so that instances do not come back all at once and follow a new leader. Words of an earlier epoch are not passed on.
 *
 *     waiting ──pause over──▶ looking ──found──▶ dialling ──opened──▶ open ──stable──▶ open, pauses short again
 *        ▲                       │ nobody           │ refused           │ lost, or the hub is elsewhere
 *        └───────────────────────┴──────────────────┴───────────────────┘            close(): nothing more
 */
export class KeptLine implements Line {
  #call: Call | undefined;
  #url: string | undefined;
  #attempts = 0;
  #openedAt: number | undefined;
  #epoch = 0;
  #closed = false;
  #callOff: () => void = () => undefined;
  #endLooking: () => void = () => undefined;

  constructor(
    private readonly listener: Listener,
    private readonly parts: KeptLineParts,
  ) {
    // At once: the first attempt of a process waits for nothing.
    this.#callOff = parts.timers.after(0, () => void this.#reach());
    if (parts.lookMs !== undefined) this.#endLooking = parts.timers.every(parts.lookMs, () => void this.#look());
  }

  say(message: ToHub): boolean {
    return this.#openedAt !== undefined && this.#call !== undefined && this.#call.say(message);
  }

  close(): void {
    this.#closed = true;
    this.#callOff();
    this.#endLooking();
    const call = this.#call;
    this.#call = undefined;
    call?.close();
  }

  async #reach(): Promise<void> {
    const url = await this.parts.find().catch(() => undefined);
    if (this.#closed) return;
    if (url === undefined) return this.#pause();
    this.#url = url;
    const call: Call = this.parts.dial(url, {
      opened: () => {
        if (this.#call === call) this.#opened();
      },
      received: (message) => {
        if (this.#call === call) this.#received(message);
      },
      lost: () => {
        if (this.#call === call) this.#lost();
      },
    });
    this.#call = call;
  }

  #opened(): void {
    this.#openedAt = this.parts.clock.elapsed();
    this.listener.opened();
  }

  #received(message: FromHub): void {
    if (message.epoch < this.#epoch) return this.#leave();
    this.#epoch = message.epoch;
    // Said by the line itself, not by the hub behind it.
    if (message.type === 'error' && message.n === 0) return;
    this.listener.received(message);
  }

  /** Its hub is the hub no longer, whether it knows or not. */
  #leave(): void {
    const call = this.#call;
    this.#lost();
    call?.close();
  }

  #lost(): void {
    this.#call = undefined;
    const openedAt = this.#openedAt;
    this.#openedAt = undefined;
    if (openedAt !== undefined && this.parts.clock.elapsed() - openedAt >= stableMs) this.#attempts = 0;
    if (openedAt !== undefined) this.listener.lost();
    this.#pause();
  }

  #pause(): void {
    if (this.#closed) return;
    const most = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#attempts, 10));
    this.#attempts += 1;
    this.#callOff = this.parts.timers.after(most * this.parts.random(), () => void this.#reach());
  }

  async #look(): Promise<void> {
    const call = this.#call;
    if (!call || this.#openedAt === undefined) return;
    const url = await this.parts.find().catch(() => this.#url);
    // A row that has run out says nothing: the hub may be about to renew it.
    if (url !== undefined && url !== this.#url && call === this.#call) this.#leave();
  }
}
