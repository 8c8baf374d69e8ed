import type { Clock } from '../../core/clock.js';

/** So many a second, and so many at once: for what comes in over a line, not for budgets. */
export class TokenBucket {
  /** When the whole burst is there again: all that there is to remember. */
  #fullAt = -Infinity;
  readonly #stepMs: number;
  readonly #depthMs: number;

  constructor(
    { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
    private readonly clock: Pick<Clock, 'elapsed'>,
  ) {
    this.#stepMs = 1000 / perSecond;
    this.#depthMs = burst * this.#stepMs;
  }

  /** False when there is nothing left; takes nothing then. */
  take(): boolean {
    if (this.empty) return false;
    this.#fullAt = Math.max(this.#fullAt, this.clock.elapsed()) + this.#stepMs;
    return true;
  }

  get empty(): boolean {
    const now = this.clock.elapsed();
    return Math.max(this.#fullAt, now) + this.#stepMs - this.#depthMs - now > 1e-6;
  }
}
