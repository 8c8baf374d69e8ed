/** What a counter says to one call. Times in real milliseconds. */
export interface Verdict {
  readonly granted: boolean;
  /** Until a refused call would be granted; of a granted one, until the counter is as good as new. */
  readonly waitMs: number;
}

/**
 * A counter of one kind. `ask` decides and changes nothing, `take` counts a call that was granted; both cost the same
 * however many calls there were. The limit may be another one at every call.
 */
export interface Counter {
  ask(now: number, limit: number): Verdict;
  take(now: number): void;
  /** Calls that are still free now. */
  left(now: number, limit: number): number;
}

/** At most `limit` calls in each window; windows begin at multiples of their length since the epoch. */
export class FixedWindow implements Counter {
  #window = -1;
  #used = 0;

  constructor(private readonly windowMs: number) {}

  ask(now: number, limit: number): Verdict {
    const end = (Math.floor(now / this.windowMs) + 1) * this.windowMs;
    return { granted: this.left(now, limit) > 0, waitMs: end - now };
  }

  left(now: number, limit: number): number {
    const used = Math.floor(now / this.windowMs) === this.#window ? this.#used : 0;
    return Math.max(0, limit - used);
  }

  take(now: number): void {
    const window = Math.floor(now / this.windowMs);
    if (window !== this.#window) this.#used = 0;
    this.#window = window;
    this.#used += 1;
  }
}

/**
 * At most `limit` calls in any window, wherever it begins: a call is granted when the `limit`-th before it has left the
 * window. Keeps the instants of the last `most` calls in a ring, `most` being the highest limit that will ever hold.
 */
export class SlidingWindow implements Counter {
  readonly #instants: Float64Array;
  #calls = 0;

  constructor(
    private readonly windowMs: number,
    most: number,
  ) {
    this.#instants = new Float64Array(Math.max(1, most)).fill(-Infinity);
  }

  ask(now: number, limit: number): Verdict {
    if (limit < 1) return { granted: false, waitMs: this.windowMs };
    const leaves = this.#back(limit) + this.windowMs;
    const granted = leaves <= now;
    return { granted, waitMs: granted ? this.windowMs : leaves - now };
  }

  take(now: number): void {
    this.#instants[this.#calls % this.#instants.length] = now;
    this.#calls += 1;
  }

  /** The instant of the call `rank` calls ago, 1 being the last. */
  #back(rank: number): number {
    if (rank > this.#calls) return -Infinity;
    const { length } = this.#instants;
    return this.#instants[(this.#calls - Math.min(rank, length)) % length] ?? -Infinity;
  }

  /** How many of the last `limit` calls have left the window: they did so in their order, hence the bisection. */
  left(now: number, limit: number): number {
    let [in_, out] = [0, limit];
    while (in_ < out) {
      const middle = (in_ + out) >> 1;
      if (this.#back(middle + 1) + this.windowMs <= now) out = middle;
      else in_ = middle + 1;
    }
    return limit - in_;
  }
}

/** A bucket that starts full with `burst` calls and gets `limit` more in each window, evenly. */
export class TokenBucket implements Counter {
  #tokens: number;
  #at = -Infinity;
  #rate = 0;

  constructor(
    private readonly windowMs: number,
    private readonly burst: number,
  ) {
    this.#tokens = burst;
  }

  ask(now: number, limit: number): Verdict {
    // What came in since the last call came in at the rate that held then.
    this.#fill(now);
    this.#rate = limit / this.windowMs;
    const granted = this.#tokens >= 1 - slack;
    const missing = granted ? this.burst - this.#tokens : 1 - this.#tokens;
    const waitMs = missing <= 0 ? 0 : this.#rate === 0 ? this.windowMs : Math.ceil(missing / this.#rate);
    return { granted, waitMs };
  }

  left(now: number): number {
    this.#fill(now);
    return Math.floor(this.#tokens + slack);
  }

  take(now: number): void {
    this.#fill(now);
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  #fill(now: number): void {
    if (now > this.#at && this.#at !== -Infinity)
      this.#tokens = Math.min(this.burst, this.#tokens + (now - this.#at) * this.#rate);
    this.#at = Math.max(this.#at, now);
  }
}

/** Additions of fractions are off by less than this. */
const slack = 1e-9;
