import fc from 'fast-check';
import { fill, fullBucket, take, told, waitMs, type Bucket } from './bucket.js';
import { holdTo, letGo } from './hold-to.js';
import { freshPace, rateAt, type PaceLimits } from './pace.js';

const limits: PaceLimits = { start: 10, burst: 10, floor: 0.1, ceiling: 40 };
const fresh = () => fullBucket(freshPace(limits, 0), 0);

/** What may happen to a budget, and after how many milliseconds. */
const events = fc.array(
  fc.record({
    ms: fc.integer({ min: 1, max: 4000 }),
    kind: fc.constantFrom('take', 'accepted', 'throttled', 'failed', 'fields'),
  }),
  { maxLength: 60, size: 'max' },
);

function happen(bucket: Bucket, kind: string, now: number): Bucket {
  const filled = fill(bucket, now);
  if (kind === 'take') return waitMs(filled, 0) === 0 ? take(filled) : filled;
  if (kind === 'accepted') return told(bucket, { kind, calls: 1, ms: 20 }, now);
  if (kind === 'throttled') return told(bucket, { kind, retryAfterMs: 500 }, now);
  if (kind === 'failed') return told(bucket, { kind }, now);
  return told(bucket, { kind: 'fields', fields: { policy: { calls: 30, windowMs: 1000 } } }, now);
}

describe('a budget of which staff says what it bears', () => {
  it('has that rate at once, up or down, and inside what was declared', () => {
    for (const [said, borne] of [
      [3, 3],
      [40, 40],
      [1000, 40],
      [0.01, 0.1],
    ] as const) {
      expect(rateAt(holdTo(fill(fresh(), 1000), { rate: said }).bucket.pace, 1000)).toBe(borne);
    }
    expect(holdTo(fresh(), { burst: 4 }).bucket).toMatchObject({ pace: { burst: 4 }, tokens: 4 });
    expect(holdTo(fresh(), { burst: 4000 }).bucket.pace.limits.burst).toBe(10);
  });

  it('keeps what was learnt where only the burst is said', () => {
    const learnt = told(fresh(), { kind: 'throttled', retryAfterMs: 1000 }, 0);
    const { pace } = holdTo(fill(learnt, 100), { burst: 2 }).bucket;
    expect(pace).toMatchObject({ phase: 'recover', good: learnt.pace.good });
  });

  it('goes on with a pause that the OPCO asked for', () => {
    const paused = told(fresh(), { kind: 'throttled', retryAfterMs: 30_000 }, 0);
    const { bucket } = holdTo(fill(paused, 1000), { rate: 40 });
    expect(bucket.pace.pausedUntil).toBe(30_000);
    expect(waitMs(fill(bucket, 2000), 0)).toBeGreaterThan(27_000);
  });

  it('goes back to what was known before, or to less where the OPCO has refused meanwhile', () => {
    const { bucket, before } = holdTo(fresh(), { rate: 2, burst: 1 });
    expect(letGo(fill(bucket, 5000), before)).toMatchObject({ pace: { good: 10, burst: 10, limits } });
    const refused = told(bucket, { kind: 'throttled', retryAfterMs: 100 }, 3000);
    const { pace } = letGo(fill(refused, 5000), before);
    expect(pace.limits).toEqual(limits);
    expect(pace.good).toBeLessThanOrEqual(2);
  });

  it('never exceeds what was said, nor afterwards what was declared, whatever happens', () => {
    const word = fc.record(
      { rate: fc.double({ min: 0.001, max: 100, noNaN: true }), burst: fc.integer({ min: 1, max: 50 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(events, word, events, events, (earlier, said, during, later) => {
        let [bucket, now] = [fresh(), 0];
        const run = (list: typeof earlier, most: { rate: number; burst: number }) => {
          for (const { ms, kind } of list) {
            now += ms;
            bucket = happen(bucket, kind, now);
            expect(rateAt(bucket.pace, now)).toBeLessThanOrEqual(most.rate + 1e-9);
            expect(rateAt(bucket.pace, now)).toBeGreaterThanOrEqual(limits.floor);
            expect(bucket.pace.burst).toBeLessThanOrEqual(most.burst);
            expect(bucket.tokens).toBeLessThanOrEqual(most.burst + 1.5);
          }
        };
        run(earlier, { rate: limits.ceiling, burst: limits.burst });
        const held = holdTo(fill(bucket, now), said);
        bucket = held.bucket;
        const rate = Math.max(limits.floor, Math.min(said.rate ?? Infinity, limits.ceiling));
        run(during, { rate, burst: Math.min(said.burst ?? Infinity, limits.burst) });
        bucket = letGo(fill(bucket, now), held.before);
        expect(bucket.pace.limits).toEqual(limits);
        run(later, { rate: limits.ceiling, burst: limits.burst });
      }),
    );
  });
});
