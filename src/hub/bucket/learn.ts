import {
  advancePace,
  borneRate,
  ceilingOf,
  measuredRate,
  probedCalls,
  rateAt,
  tallied,
  unwell,
  used,
  type Pace,
} from './pace.js';
import type { RateFields } from './rate-fields.js';

/** What became of a call, or of several. */
export type PaceEvent =
  /** Permits that were handed out. */
  | { readonly kind: 'sent'; readonly calls: number }
  /** Answers that are no sign of trouble, and how long one took. */
  | { readonly kind: 'accepted'; readonly calls: number; readonly ms?: number }
  /** No answer, or a 5xx. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** What the OPCO tells of its own counting. */
  | { readonly kind: 'fields'; readonly fields: RateFields };

const firstCut = 0.9;
const repeatedCut = 0.5;
const repeatWindowMs = 6000;
/** Where a 429 names no wait. */
const usualPauseMs = 1000;
/** A pause is for every tenant: whatever a 429 asks for, one call an hour finds out whether it still holds. */
const longestPauseMs = 3_600_000;
/** How far below what a probe has met we stay. */
const margin = 0.985;
/** What was borne says something of the rate after this time. */
const enoughMs = 2000;
/** A probe that found that much more is followed by another one soon. */
const muchMore = 1.15;
/** Of an OPCO with a stock a probe tells little: the rate creeps up, ever less. */
const creep = 0.04;
/** A limit that counts by the second shows itself this long after it was passed. */
const noticeSeconds = 0.8;
/** Trouble that is not a refusal lowers the rate once in that time. */
const easeEveryMs = 5000;
/** After that long without a refusal one more call may come at once. */
const burstStepMs = 120_000;

/** The one way in which what is known changes: pure, one event at a time. Events may come late, never from the future. */
export function learn(before: Pace, event: PaceEvent, now: number): Pace {
  const pace = advancePace(tallied(before, now), now);
  switch (event.kind) {
    case 'sent':
      return { ...regrown(pace, now), sent: pace.sent + event.calls };
    case 'accepted':
      return eased(
        timed(
          {
            ...pace,
            ...{ accepted: pace.accepted + event.calls, borne: pace.borne + event.calls },
            ill: pace.ill * 0.9 ** event.calls,
          },
          event,
        ),
        now,
      );
    case 'failed':
      return eased({ ...pace, ill: pace.ill * 0.9 + 0.1 }, now);
    case 'throttled':
      return throttled(pace, pauseAfter(event.retryAfterMs), now);
    case 'fields':
      return declared(pace, event.fields, now);
  }
}

function timed(pace: Pace, { ms, calls }: { readonly ms?: number; readonly calls: number }): Pace {
  if (ms === undefined) return pace;
  const latelyMs = pace.latelyMs === 0 ? ms : pace.latelyMs + (ms - pace.latelyMs) * (1 - 0.9 ** calls);
  const usualMs = pace.usualMs === 0 ? ms : pace.usualMs + (ms - pace.usualMs) * (1 - 0.995 ** calls);
  return { ...pace, latelyMs, usualMs };
}

function regrown(pace: Pace, now: number): Pace {
  if (pace.burst >= pace.limits.burst || now - pace.burstAt < burstStepMs) return pace;
  return { ...pace, burst: Math.min(pace.limits.burst, pace.burst + 1), burstAt: now };
}

/** Failures and slowness are no refusal: no pause, a smaller step, and not at every call. */
function eased(pace: Pace, now: number): Pace {
  if (!unwell(pace) || now - pace.cutAt < easeEveryMs) return pace;
  const rate = Math.max(pace.limits.floor, rateAt(pace, now) * (pace.ill > 0.3 ? 0.8 : firstCut));
  return { ...pace, phase: 'recover', since: now, from: rate, cutAt: now };
}

/** Milliseconds for which an OPCO is left alone that asked for so many, or for none in particular. */
export function pauseAfter(retryAfterMs = usualPauseMs): number {
  return Math.min(retryAfterMs, longestPauseMs);
}

/** Answers to calls that left before the pause tell nothing new about the rate. */
function throttled(pace: Pace, pauseMs: number, now: number): Pace {
  const until = Math.max(pace.pausedUntil, now + pauseMs);
  if (now < pace.pausedUntil) return { ...pace, pausedUntil: until };
  const bursting = !used(pace, now);
  const next = pace.phase === 'probe' ? probeMet(pace, now) : heldTooHigh(pace, now);
  return {
    ...bounded(next),
    ...{ phase: 'recover', since: until, pausedUntil: until, borne: 0, refusedAt: now, burstAt: now },
    // What came at once was too much, and so it was where the rate itself was not used.
    burst: Math.max(1, bursting ? Math.floor(pace.burst / 2) : Math.min(pace.burst, Math.ceil(pace.good / 10))),
  };
}

function bounded(pace: Pace): Pace {
  const { floor } = pace.limits;
  const good = Math.min(ceilingOf(pace), Math.max(floor, pace.good));
  return { ...pace, good, from: Math.min(good, Math.max(floor, pace.from)), proven: Math.min(pace.proven, good) };
}

/** The refusal that a probe looks for: it says where the limit is. */
function probeMet(pace: Pace, now: number): Pace {
  const above = probedCalls(pace, (now - pace.since) / 1000);
  const lag = noticeSeconds + pace.latelyMs / 1000;
  const stocked = pace.stock > 0 && above <= 1.5 * pace.stock + 2;
  const seen = stocked ? borneRate(pace, now, true) : rateAt(pace, now - lag * 1000);
  const met = Math.max(stocked ? pace.from * (1 + creep / (pace.patience + 1)) : pace.from, seen * margin);
  return {
    ...pace,
    ...{ good: met, above, doubts: 0, probedAt: now, stock: stocked ? (pace.stock + above) / 2 : 0 },
    from: Math.min(met, measuredRate(pace, now) * firstCut),
    ...{ patienceBefore: pace.patience, patience: met > pace.from * muchMore ? 0 : pace.patience + 1 },
  };
}

/** A refusal at a rate that was believed to be borne. */
function heldTooHigh(pace: Pace, now: number): Pace {
  const rate = Math.min(pace.good, rateAt(pace, now));
  if (pace.above > 0 && pace.proven < rate / 1.001) return promisedTooMuch(pace, rate, now);
  const repeated = now - pace.cutAt < repeatWindowMs + Math.max(0, pace.pausedUntil - pace.cutAt);
  const cut = { ...pace, cutAt: now, above: 0 };
  if (!repeated) return { ...cut, top: rate, good: rate * 0.99, from: measuredRate(pace, now) * firstCut };
  const toldEnough = now - pace.pausedUntil > enoughMs;
  const borne = toldEnough ? Math.min(rate * 0.97, borneRate(pace, now, pace.stock > 0) * margin) : 0;
  const good = Math.max(rate * repeatedCut * 1.02, Math.min(rate * firstCut, pace.top * repeatedCut * margin), borne);
  return { ...cut, good, from: rate * repeatedCut, patience: 0 };
}

/** What the probe before had found is not borne for long: some of it was what the OPCO keeps in stock. */
function promisedTooMuch(pace: Pace, rate: number, now: number): Pace {
  const borne = borneRate(pace, now, pace.stock > 0 || pace.doubts > 0) * margin;
  const good = Math.max(Math.min(pace.proven, rate), Math.min(borne, rate * 0.97));
  const nothingNew = good <= pace.proven * muchMore;
  return {
    ...pace,
    ...{ cutAt: now, top: good, good, from: Math.min(good, rate * firstCut) * firstCut, doubts: pace.doubts + 1 },
    ...(nothingNew && { stock: Math.max(pace.above, 2), patience: pace.patienceBefore + 1 }),
  };
}

/** Fields are believed where they ask for less: a window that is used up pauses without a refusal. */
function declared(pace: Pace, { policy, remaining, resetMs }: RateFields, now: number): Pace {
  const bound = policy ? { ...pace, declared: (policy.calls / policy.windowMs) * 1000 } : pace;
  const known = bound.good > ceilingOf(bound) ? { ...bound, good: ceilingOf(bound) } : bound;
  if (remaining !== 0 || resetMs === undefined) return known;
  return { ...known, pausedUntil: Math.max(known.pausedUntil, now + pauseAfter(resetMs)) };
}
