import type { Clock } from '../core/clock.js';
import type { Permit, TrafficClass } from '../core/exchange.js';
import type { PermitDecision, Permits } from '../core/permits.js';
import { TokenBucket, type BucketSize } from './bucket/token-bucket.js';

/** Share of a full bucket that a class leaves to those before it. */
const reserves: Readonly<Record<TrafficClass, number>> = { interactive: 0, job: 0.1, poll: 0.25, bulk: 0.4 };

/** For a budget nobody has declared: slow, but neither nothing nor without limit. */
const undeclared: BucketSize = { rate: 1, burst: 1 };

/** Permits of a process that is alone: it holds the whole budget of each OPCO. */
export class LocalPermits implements Permits {
  readonly #buckets = new Map<string, { readonly bucket: TokenBucket; readonly burst: number }>();

  constructor(private readonly clock: Clock) {}

  /** Says how large a budget is; before the first permit is taken from it. */
  declare(budget: string, size: BucketSize): void {
    this.#buckets.set(budget, { bucket: new TokenBucket(size, this.clock), burst: size.burst });
  }

  take(budget: string, traffic: TrafficClass): PermitDecision {
    const { bucket, burst } = this.#held(budget);
    const waitSeconds = bucket.take(reserves[traffic] * burst);
    if (waitSeconds > 0) return { granted: false, retryAfterSeconds: waitSeconds };
    return { granted: true, permit: permitOf(bucket) };
  }

  throttled(budget: string, retryAfterSeconds?: number): void {
    this.#held(budget).bucket.throttled(retryAfterSeconds);
  }

  #held(budget: string): { readonly bucket: TokenBucket; readonly burst: number } {
    if (!this.#buckets.has(budget)) this.declare(budget, undeclared);
    const held = this.#buckets.get(budget);
    if (!held) throw new Error('A declared budget is gone');
    return held;
  }
}

/** Given back at most once, whoever calls how often. */
function permitOf(bucket: TokenBucket): Permit {
  let held = true;
  return {
    release() {
      if (held) bucket.giveBack();
      held = false;
    },
  };
}
