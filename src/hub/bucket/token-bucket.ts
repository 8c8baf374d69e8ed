import type { Clock } from '../../core/clock.js';

/** The size of a bucket: tokens a second, and how many may lie in it. */
export interface BucketSize {
  readonly rate: number;
  readonly burst: number;
}

const repeatWindowMs = 30_000;
const firstCut = 0.9;
const repeatedCut = 0.5;
/** After a cut the rate closes a tenth of its distance to the contract every five seconds: fast at first, then ever slower. */
const recoveryStepMs = 5000;
const recoveryShare = 0.1;
/** However often it was cut, one call every ten seconds: less would never find out that things are well again. */
const floorRate = 0.1;
/** A pause is for every tenant: whatever a 429 asks for, one call an hour finds out whether it still holds. */
const longestPauseSeconds = 3600;

/**
 * A token bucket that learns from 429s.
 *
 *     full rate ──429──▶ paused until Retry-After (an hour at most), rate x 0.9 (again within 30 s: x 0.5) ──time──▶ back towards the full rate
 *
 * Fills by the clock alone, so it costs nothing while nobody asks.
 */
export class TokenBucket {
  #tokens: number;
  #rate: number;
  #filledAt: number;
  #pausedUntil = -Infinity;
  #lastCutAt = -Infinity;
  #recoveredAt = -Infinity;

  constructor(
    private readonly size: BucketSize,
    private readonly clock: Clock,
  ) {
    this.#tokens = size.burst;
    this.#rate = size.rate;
    this.#filledAt = clock.elapsed();
  }

  /** Tokens a second at this moment. */
  get rate(): number {
    this.#recover(this.clock.elapsed());
    return this.#rate;
  }

  /** Takes one token, leaving at least `reserve` behind; 0 when taken, else the seconds until it may be. */
  take(reserve = 0): number {
    const now = this.clock.elapsed();
    this.#fill(now);
    const pauseSeconds = Math.max(0, this.#pausedUntil - now) / 1000;
    const needed = Math.min(1 + reserve, this.size.burst);
    const missing = Math.max(0, needed - this.#tokens);
    // Fractions of a token get lost in arithmetic; nobody is kept waiting for a billionth.
    if (pauseSeconds === 0 && missing < 1e-9) {
      this.#tokens = Math.max(0, this.#tokens - 1);
      return 0;
    }
    return Math.max(pauseSeconds, missing / this.#rate, 0.001);
  }

  /** Puts an unused token back. */
  giveBack(): void {
    this.#tokens = Math.min(this.size.burst, this.#tokens + 1);
  }

  /** The OPCO answered 429. Answers to calls that left before the pause tell nothing new about the rate. */
  throttled(retryAfterSeconds = 1): void {
    const now = this.clock.elapsed();
    this.#fill(now);
    this.#recover(now);
    if (now >= this.#pausedUntil) {
      const cut = now - this.#lastCutAt < repeatWindowMs ? repeatedCut : firstCut;
      this.#rate = Math.max(Math.min(floorRate, this.size.rate), this.#rate * cut);
      this.#lastCutAt = now;
      this.#recoveredAt = now;
    }
    this.#tokens = 0;
    this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(retryAfterSeconds, longestPauseSeconds) * 1000);
  }

  #fill(now: number): void {
    this.#recover(now);
    const since = Math.max(this.#filledAt, Math.min(this.#pausedUntil, now));
    this.#tokens = Math.min(this.size.burst, this.#tokens + ((now - since) / 1000) * this.#rate);
    this.#filledAt = now;
  }

  #recover(now: number): void {
    if (this.#rate >= this.size.rate) return;
    const steps = Math.floor((now - this.#recoveredAt) / recoveryStepMs);
    if (steps <= 0) return;
    this.#recoveredAt += steps * recoveryStepMs;
    const distance = (this.size.rate - this.#rate) * (1 - recoveryShare) ** steps;
    this.#rate = distance < this.size.rate / 100 ? this.size.rate : this.size.rate - distance;
  }
}
