import type { Clock } from '../core/clock.js';
import type { Permit, TrafficClass } from '../core/exchange.js';
import type { CallAnswer, PermitDecision, Permits } from '../core/permits.js';
import { Attribution } from './bucket/attribution.js';
import type { BudgetHolder, BudgetLook, BudgetSize } from './budget-holder.js';
import { fill, fullBucket, giveBack, take, told, waitMs, type Bucket } from './bucket/bucket.js';
import { holdTo, letGo, type BeforeStaff, type StaffWord } from './bucket/hold-to.js';
import type { PaceEvent } from './bucket/learn.js';
import { freshPace, measuredRate, rateAt, type Pace } from './bucket/pace.js';
import { readRateFields } from './bucket/rate-fields.js';
import { reserves } from './fair/classes.js';

/** For a budget nobody has declared: slow, but neither nothing nor without limit. */
const undeclared: BudgetSize = { rate: 1, burst: 1 };
/** However often it was cut, one call every ten seconds: less would never find out that things are well again. */
const floorRate = 0.1;
/** Refusals that many milliseconds apart belong together. */
const stormMs = 10_000;
/** A tenant's own bucket is forgotten after that long without a call of it. */
const ownMs = 600_000;

interface Budget {
  readonly size: BudgetSize;
  bucket: Bucket;
  /** While staff has said what it bears. */
  beforeStaff?: BeforeStaff | undefined;
  readonly seen: Attribution;
  /** What was known before the refusals that turn out to be one tenant's own. */
  before: Pace;
  beforeAt: number;
  readonly own: Map<string, { bucket: Bucket; usedAt: number }>;
}

/** Permits of a process that is alone: it holds the whole budget of each OPCO, and learns how much that is. */
export class LocalPermits implements Permits, BudgetHolder {
  readonly #budgets = new Map<string, Budget>();

  constructor(private readonly clock: Clock) {}

  /** Says how large a budget is; before the first permit is taken from it. */
  declare(budget: string, size: BudgetSize): void {
    const now = this.clock.elapsed();
    const { rate, burst, ceiling = rate } = size;
    const floor = Math.min(floorRate, rate);
    const pace = freshPace({ start: rate, burst: Math.max(1, burst), floor, ceiling }, now);
    this.#budgets.set(budget, {
      size,
      bucket: fullBucket(pace, now),
      seen: new Attribution(),
      before: pace,
      beforeAt: -Infinity,
      own: new Map(),
    });
  }

  take(budget: string, traffic: TrafficClass, tenant?: string): PermitDecision {
    const held = this.#held(budget);
    const now = this.clock.elapsed();
    held.bucket = fill(held.bucket, now);
    const own = tenant === undefined ? undefined : held.own.get(tenant);
    if (own) own.bucket = fill(own.bucket, now);
    const reserve = reserves[traffic] * held.bucket.pace.burst;
    const [shared, mine] = [waitMs(held.bucket, reserve), own ? waitMs(own.bucket, 0) : 0];
    const wait = Math.max(shared, mine);
    if (wait > 0) return { granted: false, retryAfterSeconds: wait / 1000, ofOne: mine > shared };
    held.bucket = take(held.bucket);
    if (own) [own.bucket, own.usedAt] = [take(own.bucket), now];
    return { granted: true, permit: permitOf(held) };
  }

  throttled(budget: string, retryAfterSeconds?: number, tenant?: string): void {
    const held = this.#held(budget);
    const now = this.clock.elapsed();
    const event: PaceEvent = {
      kind: 'throttled',
      ...(retryAfterSeconds !== undefined && { retryAfterMs: retryAfterSeconds * 1000 }),
    };
    if (tenant !== undefined) {
      held.seen.note(tenant, 'throttled', now);
      if (held.seen.ownStorm(tenant, now)) return throttleOwn(held, tenant, event, now);
    }
    // Of several refusals in a row, what was known before the first.
    if (now - held.beforeAt > stormMs) [held.before, held.beforeAt] = [held.bucket.pace, now];
    held.bucket = told(held.bucket, event, now);
  }

  answered(budget: string, { tenant, ms, failed, headers }: CallAnswer): void {
    const held = this.#held(budget);
    const now = this.clock.elapsed();
    held.bucket = told(held.bucket, failed ? { kind: 'failed' } : { kind: 'accepted', calls: 1, ms }, now);
    const fields = readRateFields(headers);
    if (fields) held.bucket = told(held.bucket, { kind: 'fields', fields }, now);
    if (failed) return;
    held.seen.note(tenant, 'accepted', now);
    const own = held.own.get(tenant);
    if (own) own.bucket = told(own.bucket, { kind: 'accepted', calls: 1, ms }, now);
  }

  look(budget: string): BudgetLook {
    const { bucket, own, size } = this.#held(budget);
    const now = this.clock.elapsed();
    const told = ({ pace }: Bucket) => ({
      rate: rateAt(pace, now),
      pausedSeconds: Math.max(0, pace.pausedUntil - now) / 1000,
    });
    const throttled = [...own]
      .filter(([, { usedAt, bucket: mine }]) => now - Math.max(usedAt, mine.pace.pausedUntil) <= ownMs)
      .map(([tenant, { bucket: mine }]) => ({ tenant, ...told(mine) }));
    const { burst, limits } = bucket.pace;
    return { ...told(bucket), burst, ceiling: limits.ceiling, declared: size, throttled };
  }

  holdTo(budget: string, word: StaffWord | undefined): void {
    const held = this.#held(budget);
    const now = this.clock.elapsed();
    if (held.beforeStaff) held.bucket = letGo(held.bucket, held.beforeStaff, now);
    held.beforeStaff = undefined;
    if (word) ({ bucket: held.bucket, before: held.beforeStaff } = holdTo(held.bucket, word, now));
    // What was known under other limits is no way back from a tenant's own storm.
    [held.before, held.beforeAt] = [held.bucket.pace, -Infinity];
  }

  #held(budget: string): Budget {
    if (!this.#budgets.has(budget)) this.declare(budget, undeclared);
    const held = this.#budgets.get(budget);
    if (!held) throw new Error('A declared budget is gone');
    return held;
  }
}

/** The others have nothing to do with it: what they had is given back to them, and the tenant's own bucket is cut. */
function throttleOwn(held: Budget, tenant: string, event: PaceEvent, now: number): void {
  for (const [name, { usedAt }] of held.own) if (now - usedAt > ownMs) held.own.delete(name);
  if (!held.own.has(tenant)) {
    const { floor } = held.before.limits;
    const others = Math.max(1, held.seen.active(now));
    const start = Math.max(floor, measuredRate(held.before, now) / others);
    const limits = { start, burst: 1, floor, ceiling: held.before.limits.ceiling };
    held.own.set(tenant, { bucket: fullBucket(freshPace(limits, now), now), usedAt: now });
    held.bucket = {
      ...held.bucket,
      pace: { ...held.before, sent: held.bucket.pace.sent, tallyAt: held.bucket.pace.tallyAt },
    };
  }
  const own = held.own.get(tenant);
  if (own) own.bucket = told(own.bucket, event, now);
}

/** Given back at most once, whoever calls how often. */
function permitOf(budget: Budget): Permit {
  let held = true;
  return {
    release() {
      if (held) budget.bucket = giveBack(budget.bucket);
      held = false;
    },
  };
}
