/** What an operator or an adapter says of an OPCO before it has been called: calls a second, and how many may come at once. */
export interface PaceLimits {
  /** Where learning begins. */
  readonly start: number;
  readonly burst: number;
  /** However often it was cut: less would never find out that things are well again. */
  readonly floor: number;
  /** The contract where there is one: never exceeded, whatever the OPCO would bear. */
  readonly ceiling: number;
}

/**
 * What has been learnt about one budget. All times are monotonic milliseconds, all rates calls a second.
 *
 *              429: measured x 0.9 (again within 10 s: x 0.5), paused until Retry-After
 *     ┌───────────────┬──────────────────────────┬───────────────────┐
 *     ▼               │                          │                   │
 *  recover ──3 s──▶ hold ──patience is over, while used──▶ probe ──ceiling──▶ hold
 *  concave, up to     at `good`                            above `good`, ever faster
 *  `good`
 */
export interface Pace {
  readonly limits: PaceLimits;
  readonly phase: 'recover' | 'hold' | 'probe';
  /** When the phase began, and at which rate. */
  readonly since: number;
  readonly from: number;
  /** The last rate believed to be borne, and the last one that was borne throughout a whole hold. */
  readonly good: number;
  readonly proven: number;
  /** Probes in a row that ended where the limit was known to be: each lets more time pass before the next. */
  readonly patience: number;
  /** The patience before the last probe, for the case that it had only seemed to find more. */
  readonly patienceBefore: number;
  readonly pausedUntil: number;
  readonly cutAt: number;
  /** When a probe was last refused. */
  readonly probedAt: number;
  /** Calls that the OPCO lets pass above its rate before it refuses, as far as probes have shown: what its own bucket holds. */
  readonly stock: number;
  /** The same of the last probe alone, until what it found was borne for a whole hold. */
  readonly above: number;
  /** Refusals since that probe. */
  readonly doubts: number;
  /** The good rate before the first of several cuts in a row. */
  readonly top: number;
  /** Calls accepted since the last refusal, and when that was: between two refusals an OPCO bears at least these. */
  readonly borne: number;
  readonly refusedAt: number;
  /** What it is believed to bear at once. */
  readonly burst: number;
  readonly burstAt: number;
  /** Decayed counts of calls sent and accepted, as of `tallyAt`. */
  readonly sent: number;
  readonly accepted: number;
  readonly tallyAt: number;
  /** Decayed share of calls that failed (5xx, no answer), and how long calls take: usually, and lately. */
  readonly ill: number;
  readonly usualMs: number;
  readonly latelyMs: number;
  /** What the OPCO itself says in `RateLimit-Policy`, if it does. */
  readonly declared: number;
}

/** Over this time a count of calls decays to a third: short enough to see a change, long enough for five calls a second. */
const tallyMs = 1500;

/** What nobody has called yet. */
export function freshPace(limits: PaceLimits, now: number): Pace {
  const start = Math.min(limits.start, limits.ceiling);
  return {
    ...{ limits, phase: 'hold', since: now, from: start, good: start, proven: 0, patience: 0, patienceBefore: 0 },
    ...{
      pausedUntil: -Infinity,
      cutAt: -Infinity,
      probedAt: -Infinity,
      stock: 0,
      above: 0,
      doubts: 0,
      top: start,
      borne: 0,
      refusedAt: now,
    },
    ...{ burst: limits.burst, burstAt: now },
    ...{ sent: 0, accepted: 0, tallyAt: now, ill: 0, usualMs: 0, latelyMs: 0, declared: Infinity },
  };
}

const recoverSeconds = 3;
/** Seconds of a hold: short after a surprise, longer with each probe that found the limit where it was known to be. */
const holds = [3, 5, 10, 20, 40] as const;
/** Of an OPCO that bears less than five calls a second (what stays below five by the margin is one that bears five) ... */
const slowRate = 4.75;
/** ... a refused probe is dear: at most one a minute. */
const slowProbeMs = 60_000;
/** How a probe departs from the good rate: by squares first, so that the limit is met gently; by cubes when it is far away. */
const squares = [0.02, 0.015, 0.01, 0.007, 0.0045] as const;
const cubes = 0.001;

function step<T>(list: readonly T[], patience: number, last: T): T {
  return list[Math.min(patience, list.length - 1)] ?? last;
}

/** Seconds that the good rate is kept before a higher one is tried. */
export function holdSeconds({ patience }: Pick<Pace, 'patience'>): number {
  return step(holds, patience, 40);
}

/** The highest rate that may be reached now. */
export function ceilingOf({ limits, declared }: Pick<Pace, 'limits' | 'declared'>): number {
  return Math.max(limits.floor, Math.min(limits.ceiling, declared));
}

/** Calls a second at this moment, a pause left aside. */
export function rateAt(pace: Pace, now: number): number {
  const seconds = Math.max(0, now - pace.since) / 1000;
  return Math.min(ceilingOf(pace), Math.max(pace.limits.floor, curve(pace, seconds)));
}

function curve({ phase, from, good, patience }: Pace, seconds: number): number {
  if (phase === 'hold') return good;
  if (phase === 'probe') return from * (1 + step(squares, patience, 0.0045) * seconds ** 2 + cubes * seconds ** 3);
  const left = Math.max(0, 1 - seconds / recoverSeconds);
  return good - (good - from) * left ** 3;
}

/** Calls made above the rate from which a probe departed. */
export function probedCalls({ from, patience }: Pace, seconds: number): number {
  return from * ((step(squares, patience, 0.0045) * seconds ** 3) / 3 + (cubes * seconds ** 4) / 4);
}

/** Lets the phases that are over end: a recovery in a hold, a hold in a probe where the budget is used and the OPCO well. */
export function advancePace(pace: Pace, now: number): Pace {
  const seconds = (now - pace.since) / 1000;
  if (pace.phase === 'recover' && seconds >= recoverSeconds)
    return { ...pace, phase: 'hold', since: now, from: pace.good };
  if (pace.phase === 'hold' && seconds >= holdSeconds(pace)) return afterHold(pace, now);
  if (pace.phase === 'probe') return duringProbe(pace, now);
  return pace;
}

function afterHold(pace: Pace, now: number): Pace {
  if (!used(pace, now) || unwell(pace) || pace.good >= ceilingOf(pace)) return pace;
  if (pace.good < slowRate && now - pace.probedAt < slowProbeMs) return pace;
  return { ...pace, phase: 'probe', since: now, from: pace.good, proven: pace.good, above: 0 };
}

/** A probe ends without a refusal at the ceiling, and where nobody makes the calls that would probe. */
function duringProbe(pace: Pace, now: number): Pace {
  const rate = rateAt(pace, now);
  if (rate < ceilingOf(pace) && used(pace, now) && !unwell(pace)) return pace;
  const borne = used(pace, now) ? rate : pace.from;
  return { ...pace, phase: 'hold', since: now, from: borne, good: borne };
}

/** Whether calls come about as fast as they may. */
export function used(pace: Pace, now: number): boolean {
  const sent = pace.sent * Math.exp(-Math.max(0, now - pace.tallyAt) / tallyMs);
  return sent >= rateAt(pace, now) * (tallyMs / 1000) * 0.7;
}

/** Whether failures or a sudden slowness say that the OPCO has enough to do. */
export function unwell({ ill, usualMs, latelyMs }: Pace): boolean {
  return ill > 0.3 || (usualMs > 0 && latelyMs > Math.max(200, 3 * usualMs));
}

/** The decayed counts brought up to now. */
export function tallied(pace: Pace, now: number): Pace {
  const age = now - pace.tallyAt;
  if (age <= 0) return pace;
  const left = Math.exp(-age / tallyMs);
  return { ...pace, sent: pace.sent * left, accepted: pace.accepted * left, tallyAt: now };
}

/** Accepted calls a second of late; the rate itself where too few were made to tell. */
export function measuredRate(pace: Pace, now: number): number {
  const rate = rateAt(pace, now);
  if (!used(pace, now)) return rate;
  return Math.min(rate, tallied(pace, now).accepted / (tallyMs / 1000));
}

/**
 * Calls a second that were borne since the last refusal. An OPCO that keeps unused calls refilled during the pause (`stocked`); one
 * that counts by windows did not.
 */
export function borneRate({ borne, refusedAt, pausedUntil }: Pace, now: number, stocked: boolean): number {
  const since = stocked ? refusedAt : Math.max(refusedAt, Math.min(pausedUntil, now - 500));
  return now > since ? (borne / (now - since)) * 1000 : 0;
}
