import type { Clock } from '../../core/clock.js';
import { Holding, type HoldingMode } from '../leases/holding.js';
import type { LeaseTimes } from '../leases/lease-book.js';
import type { Beside, Line, Listener } from '../link.js';
import { protocolVersion, type FromHub, type ToHub } from '../messages.js';

/** Who is told how an instance stands with the hub. */
export interface StandingParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly times: LeaseTimes;
  /** The instance's name at the hub. */
  readonly name: string;
  /** A line is open: nothing that was granted over an earlier one counts. */
  opened(): void;
  /** Another mode from now on. */
  changed(mode: HoldingMode): void;
  heard(message: FromHub): void;
}

/** How an instance comes by its permits. */
export interface InstanceState {
  readonly mode: HoldingMode;
  /** Of the hub heard last; 0 when none ever was. */
  readonly epoch: number;
  /** For how long it has been so. */
  readonly sinceMs: number;
  /** Whether a line to a hub is open. */
  readonly connected: boolean;
  /** The part of every budget that it may use by itself: 0 while it is granted. */
  readonly aloneShare: number;
}

/**
 * How an instance stands with whichever hub leads.
 *
 *     safe ──a hub is heard──▶ granted ──silence──▶ lease ──it ends──▶ safe
 *                                 ▲                   └────heard──┐      │
 *                                 └───────────────────────────────┴──────┘
 */
export class Standing {
  readonly #holding: Holding;
  #line: Line | undefined;
  #open = false;
  #lines = 0;
  #openings = 0;
  #mode: HoldingMode = 'safe';
  #since: number;

  constructor(private readonly parts: StandingParts) {
    this.#holding = new Holding(parts.times);
    this.#since = this.#now();
  }

  /** Goes by this line from now on; the one before is closed. */
  connect(lay: (listener: Listener) => Line): void {
    this.disconnect();
    const rank = this.#lines;
    const mine = () => rank === this.#lines;
    let opened = false;
    const line = lay({
      opened: () => {
        opened = true;
        if (mine() && this.#line) this.#opened();
      },
      received: (message) => {
        if (mine()) this.#received(message);
      },
      lost: () => {
        opened = false;
        if (mine()) this.#lost();
      },
    });
    this.#line = line;
    if (opened) this.#opened();
  }

  /** Gives up the line; the lease that was had over it lasts as long as it lasts. */
  disconnect(): void {
    this.#lines += 1;
    this.#openings += 1;
    this.#line?.close();
    this.#line = undefined;
    this.#lost();
  }

  /** Changes with each opening of a line: a permit that came before is not given back to whichever hub is behind it now. */
  get openings(): number {
    return this.#openings;
  }

  say(message: ToHub): void {
    if (this.#open) this.#line?.say(message);
  }

  renew(): void {
    this.say({ type: 'renew', at: this.#now(), confirms: this.#holding.confirms });
    this.settle(this.#now());
  }

  /** The number of the latest word heard. */
  get confirms(): number {
    return this.#holding.confirms;
  }

  /** A hub in this process, if the line goes to one. */
  get beside(): Beside | undefined {
    return this.#open ? this.#line?.beside : undefined;
  }

  aloneShare(now: number): number {
    return this.#holding.aloneShare(now);
  }

  /** Whoever asks finds the mode of this moment. */
  settle(now: number): void {
    const mode = this.#open && this.#line?.beside ? 'granted' : this.#holding.mode(now);
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#since = now;
    this.parts.changed(mode);
  }

  state(): InstanceState {
    const now = this.#now();
    this.settle(now);
    return {
      ...{ mode: this.#mode, epoch: this.#holding.epoch, sinceMs: now - this.#since, connected: this.#open },
      aloneShare: this.#mode === 'granted' ? 0 : this.#holding.aloneShare(now),
    };
  }

  #opened(): void {
    this.#open = true;
    this.#openings += 1;
    const now = this.#now();
    const [held, { epoch }] = [this.#holding.held(now), this.#holding];
    this.parts.opened();
    this.say({ type: 'hello', v: protocolVersion, instance: this.parts.name, at: now, held, epoch });
    this.settle(now);
  }

  #lost(): void {
    this.#open = false;
    this.settle(this.#now());
  }

  #received(message: FromHub): void {
    const now = this.#now();
    const lease = message.type === 'lease' && { lease: { share: message.share, askedAt: message.askedAt } };
    if (!this.#holding.hear({ epoch: message.epoch, n: message.n, ...lease }, now)) return;
    if (message.type === 'revoke') this.#holding.revoked();
    this.settle(now);
    this.parts.heard(message);
  }

  #now(): number {
    return this.parts.clock.elapsed();
  }
}
