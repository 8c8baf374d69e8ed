import { safeShare, trickleShare, type Held, type LeaseTimes } from './lease-book.js';

/** How an instance comes by its permits: granted one by one, out of its lease, or out of the part that is safe without one. */
export type HoldingMode = 'granted' | 'lease' | 'safe';

/** What a hub says in every message, as far as leases go. */
export interface HubWord {
  readonly epoch: number;
  /** Rises with each message of an epoch. */
  readonly n: number;
  /** Part of every budget, with the instance's own time at which it asked for it; absent in messages that renew nothing. */
  readonly lease?: { readonly share: number; readonly askedAt: number };
}

/**
 * What one instance holds, by its own monotonic clock. A lease counts from when it was asked for, not from when the answer came:
 * so it always ends here before it ends in the hub's book. Words that are old, doubled or of an earlier epoch are passed over.
 */
export class Holding {
  #epoch = 0;
  #n = 0;
  #heardAt = -Infinity;
  #share = 0;
  #until = -Infinity;

  constructor(private readonly times: LeaseTimes) {}

  /** Takes in what the hub says; false for a word that counts for nothing. */
  hear({ epoch, n, lease }: HubWord, now: number): boolean {
    if (epoch < this.#epoch || (epoch === this.#epoch && n <= this.#n)) return false;
    this.#epoch = epoch;
    this.#n = n;
    this.#heardAt = now;
    if (lease && lease.askedAt <= now) {
      this.#share = lease.share;
      this.#until = lease.askedAt + this.times.leaseMs;
    }
    return true;
  }

  /** The hub has taken everything back. */
  revoked(): void {
    this.#share = 0;
    this.#until = -Infinity;
    this.#heardAt = -Infinity;
  }

  mode(now: number): HoldingMode {
    if (now < this.#heardAt + this.times.quietMs) return 'granted';
    return now < this.#until ? 'lease' : 'safe';
  }

  /** The part of every budget that may be used without asking; 0 while permits are granted one by one. */
  aloneShare(now: number): number {
    const mode = this.mode(now);
    if (mode === 'granted') return 0;
    if (mode === 'lease') return this.#share;
    if (this.#share > 0) return Math.min(safeShare, this.#share);
    return this.#epoch > 0 ? trickleShare : safeShare;
  }

  /** What to tell a hub at the first word to it. */
  held(now: number): Held {
    const live = now < this.#until;
    return {
      share: live ? this.#share : this.aloneShare(now),
      leftMs: live ? this.#until - now : 0,
      known: this.#epoch > 0,
    };
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The number of the latest message heard, which every message to the hub confirms. */
  get confirms(): number {
    return this.#n;
  }
}
