import { Attribution } from '../bucket/attribution.js';
import { fill, fullBucket, take, told, waitMs, type Bucket } from '../bucket/bucket.js';
import type { PaceEvent } from '../bucket/learn.js';
import { freshPace, measuredRate, type Pace } from '../bucket/pace.js';

/** Refusals that many milliseconds apart belong together. */
const stormMs = 10_000;
/** A tenant's own bucket is forgotten after that long without a call of it. */
const ownMs = 600_000;

interface Own {
  bucket: Bucket;
  usedAt: number;
}

/** Of one budget: the tenants that the OPCO refuses alone, at the key that each has there, and what they may still do. */
export class OwnLimits {
  readonly #seen = new Attribution();
  readonly #own = new Map<string, Own>();
  /** What was known before the refusals that turn out to be one tenant's own. */
  #before: Pace;
  #beforeAt = -Infinity;

  constructor(pace: Pace) {
    this.#before = pace;
  }

  /** All is told by other measures from now on: what was known before is no way back from a tenant's own refusals. */
  startFrom(pace: Pace): void {
    [this.#before, this.#beforeAt] = [pace, -Infinity];
  }

  /** Whether no tenant is known to be refused alone. */
  get empty(): boolean {
    return this.#own.size === 0;
  }

  /** Milliseconds for which a tenant has to wait for its own sake; 0 for one that is no worse than the others. */
  waitMs(tenant: string | undefined, now: number): number {
    const own = tenant === undefined || this.empty ? undefined : this.#own.get(tenant);
    if (!own) return 0;
    own.bucket = fill(own.bucket, now);
    return waitMs(own.bucket, 0);
  }

  /** One more call of a tenant; only after `waitMs` said 0. */
  take(tenant: string | undefined, now: number): void {
    const own = tenant === undefined || this.empty ? undefined : this.#own.get(tenant);
    if (own) [own.bucket, own.usedAt] = [take(own.bucket), now];
  }

  accepted(tenant: string, event: Extract<PaceEvent, { kind: 'accepted' }>, now: number): void {
    this.#seen.note(tenant, 'accepted', now, event.calls);
    const own = this.#own.get(tenant);
    if (own) own.bucket = told(own.bucket, event, now);
  }

  /** What a refusal makes of the bucket of all: it is told, unless the refusals are this tenant's own; then the others get back what they had. */
  throttled(bucket: Bucket, tenant: string | undefined, event: PaceEvent, now: number): Bucket {
    if (tenant !== undefined) {
      this.#seen.note(tenant, 'throttled', now);
      if (this.#seen.ownStorm(tenant, now)) return this.#ownStorm(bucket, tenant, event, now);
    }
    // Of several refusals in a row, what was known before the first.
    if (now - this.#beforeAt > stormMs) [this.#before, this.#beforeAt] = [bucket.pace, now];
    return told(bucket, event, now);
  }

  /** Milliseconds that each tenant has to wait which has to. */
  waits(now: number): Record<string, number> {
    const waits: Record<string, number> = {};
    for (const tenant of this.#own.keys()) {
      const ms = this.waitMs(tenant, now);
      if (ms > 0) waits[tenant] = ms;
    }
    return waits;
  }

  #ownStorm(bucket: Bucket, tenant: string, event: PaceEvent, now: number): Bucket {
    for (const [name, { usedAt }] of this.#own) if (now - usedAt > ownMs) this.#own.delete(name);
    const known = this.#own.get(tenant);
    if (known) {
      known.bucket = told(known.bucket, event, now);
      return bucket;
    }
    const { floor, ceiling } = this.#before.limits;
    const start = Math.max(floor, measuredRate(this.#before, now) / Math.max(1, this.#seen.active(now)));
    const fresh = fullBucket(freshPace({ start, burst: 1, floor, ceiling }, now), now);
    this.#own.set(tenant, { bucket: told(fresh, event, now), usedAt: now });
    return { ...bucket, pace: { ...this.#before, sent: bucket.pace.sent, tallyAt: bucket.pace.tallyAt } };
  }
}
