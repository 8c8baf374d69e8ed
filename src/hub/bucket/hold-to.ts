import type { Bucket } from './bucket.js';
import { ceilingOf, type Pace, type PaceLimits } from './pace.js';

/** What staff says of a budget for a while; what is absent stays as it was declared or learnt. */
export interface StaffWord {
  /** Calls a second: believed from now on, and never exceeded. */
  readonly rate?: number | undefined;
  readonly burst?: number | undefined;
}

/** What was known before staff spoke: what is gone back to. */
export interface BeforeStaff {
  readonly limits: PaceLimits;
  readonly good: number;
  readonly burst: number;
  readonly at: number;
}

/** A pace that stands at this rate, with nothing left of the ways on which it came there; a pause goes on. */
function standingAt(pace: Pace, limits: PaceLimits, now: number): Pace {
  const good = Math.max(limits.floor, Math.min(pace.good, ceilingOf({ limits, declared: pace.declared })));
  return {
    ...pace,
    ...{ limits, phase: 'hold', since: now, good, from: good, top: good, proven: 0 },
    ...{ patience: 0, patienceBefore: 0, above: 0, doubts: 0, stock: 0 },
  };
}

function within(bucket: Bucket, pace: Pace): Bucket {
  return { ...bucket, pace, tokens: Math.min(bucket.tokens, Math.max(1, pace.burst)) };
}

/** Of a bucket filled up to now: takes staff at its word, inside what was declared; the floor stays, and the contract is not exceeded. */
export function holdTo(bucket: Bucket, word: StaffWord): { bucket: Bucket; before: BeforeStaff } {
  const { pace, filledAt: now } = bucket;
  const before: BeforeStaff = { limits: pace.limits, good: pace.good, burst: pace.burst, at: now };
  const { floor, ceiling, burst: declaredBurst } = pace.limits;
  const burst = Math.max(1, Math.min(word.burst ?? declaredBurst, declaredBurst));
  const rate = word.rate === undefined ? undefined : Math.max(floor, Math.min(word.rate, ceiling));
  const limits = { floor, burst, start: rate ?? pace.limits.start, ceiling: rate ?? ceiling };
  const held = rate === undefined ? { ...pace, limits } : standingAt({ ...pace, good: rate }, limits, now);
  return { bucket: within(bucket, { ...held, burst: Math.min(pace.burst, burst) }), before };
}

/** The same, once staff says no more: goes back to what was declared, and to what was known before, unless the OPCO has refused since: then to the smaller. */
export function letGo(bucket: Bucket, before: BeforeStaff): Bucket {
  const { pace, filledAt: now } = bucket;
  const refused = pace.refusedAt > before.at;
  const good = refused ? Math.min(before.good, pace.good) : before.good;
  const burst = refused ? Math.min(before.burst, pace.burst) : before.burst;
  return within(bucket, { ...standingAt({ ...pace, good }, before.limits, now), burst });
}
