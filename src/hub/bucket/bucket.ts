import { learn, type PaceEvent } from './learn.js';
import { advancePace, rateAt, type Pace } from './pace.js';

/** A token bucket whose size is learnt: how full it is, and at which pace it fills. */
export interface Bucket {
  readonly pace: Pace;
  readonly tokens: number;
  readonly filledAt: number;
  /** Tokens taken that the pace does not know of yet: learning of each by itself is dearer than taking it. */
  readonly untold: number;
}

/** After so many milliseconds the pace must know what was taken. */
const tellMs = 20;

/** What a bucket holds: a little more than its burst, so that a timer that fires late loses nothing. */
function sizeOf(pace: Pace, rate: number): number {
  return Math.max(1, pace.burst) + Math.min(0.5, rate * 0.02);
}

/** A bucket that is full. */
export function fullBucket(pace: Pace, now: number): Bucket {
  return { pace, tokens: pace.burst, filledAt: now, untold: 0 };
}

/** What others than who asks may use at this moment: a part of all, 0 to 1, and tokens that lie in store with them. */
export interface Elsewhere {
  readonly share: number;
  readonly tokens: number;
}

const nowhere: Elsewhere = { share: 0, tokens: 0 };

/** Lets time pass: fills while it is not paused, by the smaller of the rates before and after, less what is used elsewhere. */
export function fill(bucket: Bucket, now: number, elsewhere = nowhere): Bucket {
  const before = rateAt(bucket.pace, bucket.filledAt);
  const { untold } = bucket;
  const known = untold > 0 && now - bucket.pace.tallyAt >= tellMs ? 0 : untold;
  const pace = advancePace(known === untold ? bucket.pace : counted(bucket, now), now);
  const rate = Math.min(before, rateAt(pace, now)) * (1 - elsewhere.share);
  const since = Math.max(bucket.filledAt, Math.min(pace.pausedUntil, now));
  const gained = (Math.max(0, now - since) / 1000) * rate;
  const tokens = Math.min(roomOf(pace, rate, elsewhere), bucket.tokens + gained);
  return { pace, tokens, filledAt: Math.max(now, bucket.filledAt), untold: known };
}

/** Who has any part at all may have one call at once. */
function roomOf(pace: Pace, rate: number, { share, tokens }: Elsewhere): number {
  if (share >= 1) return 0;
  return Math.max(0, Math.max(1, sizeOf(pace, rate) * (1 - share)) - tokens);
}

function counted({ pace, untold }: Bucket, now: number): Pace {
  return untold > 0 ? learn(pace, { kind: 'sent', calls: untold }, now) : pace;
}

/** Milliseconds until a token may be taken from a bucket filled up to now, of which `reserve` tokens stay behind; 0 when at once. */
export function waitMs({ pace, tokens, filledAt }: Bucket, reserve: number, elsewhereShare = 0): number {
  const part = 1 - elsewhereShare;
  const needed = Math.min(1 + reserve * part, Math.max(1, pace.burst * part));
  const pause = Math.max(0, pace.pausedUntil - filledAt);
  const missing = needed - tokens;
  // Fractions of a token get lost in arithmetic; nobody is kept waiting for a billionth.
  if (missing < 1e-9) return pause;
  const rate = Math.max(1e-6, rateAt(pace, filledAt) * part);
  return Math.max(1, pause + (missing / rate) * 1000);
}

/** Takes one token; only after `waitMs` said 0. */
export function take({ pace, tokens, filledAt, untold }: Bucket): Bucket {
  return { pace, tokens: Math.max(0, tokens - 1), filledAt, untold: untold + 1 };
}

/** Puts unused tokens back. */
export function giveBack(bucket: Bucket, tokens = 1): Bucket {
  return { ...bucket, tokens: Math.min(Math.max(1, bucket.pace.burst), bucket.tokens + tokens) };
}

/** Tells what became of calls. After a refusal nothing is left over from before it. */
export function told(bucket: Bucket, event: PaceEvent, now: number, elsewhere = nowhere): Bucket {
  const filled = fill(bucket, now, elsewhere);
  const pace = learn(counted(filled, now), event, now);
  const tokens = event.kind === 'throttled' ? 0 : Math.min(filled.tokens, sizeOf(pace, 0) + 0.5);
  return { pace, tokens, filledAt: filled.filledAt, untold: 0 };
}
