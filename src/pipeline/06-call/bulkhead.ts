import type { Clock } from '../../core/clock.js';
import { fail, type OpcoviaError } from '../../core/errors.js';

/** How long somebody stands in line, at most. */
export interface Patience {
  readonly ms: number;
  readonly signal?: AbortSignal;
}

interface Waiter {
  enter(): void;
}

/** Waiting calls for each one that may be under way: more would only wait to be too late. */
const waitingForEach = 8;
const longestAdviceSeconds = 15;

/**
 * Lets so many calls of one lane be under way at once; others stand in a line that is bounded.
 *
 *     enter ──a place is free──▶ inside ──leave──▶ the longest waiting enters
 *       ├── none is ───────────▶ waiting ──deadline──▶ UPSTREAM_TIMEOUT, ──caller leaves──▶ UPSTREAM_ERROR
 *       └── the line is full ──▶ 503 OVERLOADED at once
 *
 * Whatever ends here was not sent.
 */
export class Bulkhead {
  #inside = 0;
  /** Of a stay, smoothed. */
  #meanMs = 1000;
  readonly #line = new Set<Waiter>();

  constructor(
    private readonly concurrency: number,
    private readonly clock: Clock,
  ) {}

  /** Resolves to what gives the place back, to be called once. */
  enter(patience: Patience): Promise<() => void> | (() => void) {
    if (this.#inside < this.concurrency) return this.#take();
    if (this.#line.size >= this.concurrency * waitingForEach) throw this.#full();
    return this.#wait(patience);
  }

  /** Calls under way, and calls in line. */
  get load(): { readonly inside: number; readonly waiting: number } {
    return { inside: this.#inside, waiting: this.#line.size };
  }

  #take(): () => void {
    this.#inside++;
    const since = this.clock.elapsed();
    return () => {
      this.#inside--;
      this.#meanMs = this.#meanMs * 0.9 + (this.clock.elapsed() - since) * 0.1;
      const [next] = this.#line;
      next?.enter();
    };
  }

  #wait({ ms, signal }: Patience): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#line.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', left);
      };
      const giveUp = (failure: OpcoviaError) => (end(), reject(failure));
      const left = () => giveUp(fail('UPSTREAM_ERROR', { sent: 'not-sent' }));
      const waiter = { enter: () => (end(), resolve(this.#take())) };
      const timer = setTimeout(() => giveUp(fail('UPSTREAM_TIMEOUT', { sent: 'not-sent' })), ms);
      signal?.addEventListener('abort', left, { once: true });
      this.#line.add(waiter);
      if (signal?.aborted) left();
    });
  }

  #full(): OpcoviaError {
    const ahead = (this.#line.size + this.#inside) / this.concurrency;
    const seconds = Math.ceil((ahead * this.#meanMs) / 1000);
    return fail('OVERLOADED', {
      detail: "Trop d'appels attendent déjà cet OPCO.",
      retryAfterSeconds: Math.min(longestAdviceSeconds, Math.max(1, seconds)),
      sent: 'not-sent',
    });
  }
}
