import { freshPace, type Pace, type PaceLimits } from './pace.js';

/** What is worth keeping of a pace across a restart: plain numbers, no times. */
export interface Learnt {
  readonly good: number;
  readonly proven: number;
  readonly patience: number;
  readonly burst: number;
  readonly stock: number;
}

/** What has been learnt so far. */
export function learntOf({ good, proven, patience, burst, stock }: Pace): Learnt {
  return { good, proven, patience, burst, stock };
}

/** A pace that goes on where another one was; numbers that make no sense count for nothing, and what is said today bounds them. */
export function resumedPace(limits: PaceLimits, learnt: Learnt, now: number): Pace {
  const fresh = freshPace(limits, now);
  const within = (value: unknown, least: number, most: number, otherwise: number) =>
    typeof value === 'number' && Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
  const good = within(learnt.good, limits.floor, limits.ceiling, fresh.good);
  return {
    ...fresh,
    ...{ good, from: good, top: good, proven: within(learnt.proven, 0, good, 0) },
    patience: Math.round(within(learnt.patience, 0, 10, 0)),
    burst: within(learnt.burst, 1, limits.burst, fresh.burst),
    stock: within(learnt.stock, 0, 1e6, 0),
  };
}
