import { learn, type PaceEvent } from './learn.js';
import { advancePace, rateAt, type Pace } from './pace.js';

/** A token bucket whose size is learnt: how full it is, and at which pace it fills. */
export interface Bucket {
  readonly pace: Pace;
  readonly tokens: number;
  readonly filledAt: number;
}

/** What a bucket holds: a little more than its burst, so that a timer that fires late loses nothing. */
function sizeOf(pace: Pace, rate: number): number {
  return Math.max(1, pace.burst) + Math.min(0.5, rate * 0.02);
}

/** A bucket that is full. */
export function fullBucket(pace: Pace, now: number): Bucket {
  return { pace, tokens: pace.burst, filledAt: now };
}

/** What is given up at this moment, for others than who asks: calls a second, and tokens that lie elsewhere. */
export interface Elsewhere {
  readonly rate: number;
  readonly tokens: number;
}

const nowhere: Elsewhere = { rate: 0, tokens: 0 };

/** Lets time pass: fills while it is not paused, by the smaller of the rates before and after, less what is used elsewhere. */
export function fill(bucket: Bucket, now: number, elsewhere = nowhere): Bucket {
  const before = rateAt(bucket.pace, bucket.filledAt);
  const pace = advancePace(bucket.pace, now);
  const rate = Math.max(0, Math.min(before, rateAt(pace, now)) - elsewhere.rate);
  const since = Math.max(bucket.filledAt, Math.min(pace.pausedUntil, now));
  const room = Math.max(0, sizeOf(pace, rate) - elsewhere.tokens);
  const tokens = Math.min(room, bucket.tokens + (Math.max(0, now - since) / 1000) * rate);
  return { pace, tokens, filledAt: Math.max(now, bucket.filledAt) };
}

/** Milliseconds until a token may be taken from a bucket filled up to now, of which `reserve` tokens stay behind; 0 when at once. */
export function waitMs({ pace, tokens, filledAt }: Bucket, reserve: number, elsewhereRate = 0): number {
  const needed = Math.min(1 + reserve, Math.max(1, pace.burst));
  const pause = Math.max(0, pace.pausedUntil - filledAt);
  const missing = needed - tokens;
  // Fractions of a token get lost in arithmetic; nobody is kept waiting for a billionth.
  if (missing < 1e-9) return pause;
  const rate = Math.max(1e-6, rateAt(pace, filledAt) - elsewhereRate);
  return Math.max(1, pause + (missing / rate) * 1000);
}

/** Takes one token; only after `waitMs` said 0. */
export function take(bucket: Bucket): Bucket {
  const pace = learn(bucket.pace, { kind: 'sent', calls: 1 }, bucket.filledAt);
  return { ...bucket, pace, tokens: Math.max(0, bucket.tokens - 1) };
}

/** Puts an unused token back. */
export function giveBack(bucket: Bucket): Bucket {
  return { ...bucket, tokens: Math.min(Math.max(1, bucket.pace.burst), bucket.tokens + 1) };
}

/** Tells what became of a call. After a refusal nothing is left over from before it. */
export function told(bucket: Bucket, event: PaceEvent, now: number): Bucket {
  const filled = fill(bucket, now);
  const pace = learn(filled.pace, event, now);
  return { ...filled, pace, tokens: event.kind === 'throttled' ? 0 : Math.min(filled.tokens, sizeOf(pace, 0) + 0.5) };
}
