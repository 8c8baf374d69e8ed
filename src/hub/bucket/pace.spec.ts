import fc from 'fast-check';
import { fill, fullBucket, giveBack, take, told, waitMs, type Bucket } from './bucket.js';
import { learn, type PaceEvent } from './learn.js';
import { ceilingOf, freshPace, rateAt, type Pace, type PaceLimits } from './pace.js';

const limits: PaceLimits = { start: 10, burst: 10, floor: 0.1, ceiling: 40 };
const fresh = (changes: Partial<PaceLimits> = {}) => freshPace({ ...limits, ...changes }, 0);

const anEvent = fc.oneof<fc.Arbitrary<PaceEvent>[]>(
  fc.record({ kind: fc.constant('sent' as const), calls: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    kind: fc.constant('accepted' as const),
    calls: fc.integer({ min: 1, max: 20 }),
    ms: fc.integer({ min: 1, max: 20_000 }),
  }),
  fc.constant({ kind: 'failed' as const }),
  fc.record({ kind: fc.constant('throttled' as const), retryAfterMs: fc.integer({ min: 1, max: 4_000_000 }) }),
  fc.record({
    kind: fc.constant('fields' as const),
    fields: fc.record({
      policy: fc.record({ calls: fc.integer({ min: 1, max: 500 }), windowMs: fc.integer({ min: 1000, max: 60_000 }) }),
      remaining: fc.integer({ min: 0, max: 5 }),
      resetMs: fc.integer({ min: 0, max: 60_000 }),
    }),
  }),
);
const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), anEvent), { maxLength: 120 });

/** Every pace that a history leads through, with the time of each. */
function* along(
  steps: readonly (readonly [number, PaceEvent])[],
  pace = fresh(),
): Generator<[Pace, number, PaceEvent]> {
  let now = 0;
  for (const [ms, event] of steps) {
    now += ms;
    yield [pace, now, event];
    pace = learn(pace, event, now);
  }
}

/** A saturated caller against an OPCO that takes `limit` calls in any second. */
function play(bucket: Bucket, from: number, seconds: number, limit: (now: number) => number) {
  const passed: number[] = [];
  let [now, refused] = [from, 0];
  while (now < from + seconds * 1000) {
    bucket = fill(bucket, now);
    const wait = waitMs(bucket, 0);
    if (wait > 0) now += wait;
    else {
      bucket = take(bucket);
      while (passed[0] !== undefined && passed[0] <= now - 1000) passed.shift();
      const borne = passed.length < limit(now);
      if (borne) passed.push(now);
      else refused += 1;
      bucket = told(bucket, borne ? { kind: 'accepted', calls: 1, ms: 50 } : { kind: 'throttled' }, now);
    }
  }
  return { bucket, refused, now, rate: passed.length };
}

describe('what is learnt of an OPCO', () => {
  it('stays between floor and ceiling, whatever happens', () => {
    fc.assert(
      fc.property(history, (steps) => {
        for (const [pace, now] of along(steps)) {
          expect(rateAt(pace, now)).toBeGreaterThanOrEqual(Math.min(limits.floor, ceilingOf(pace)));
          expect(rateAt(pace, now)).toBeLessThanOrEqual(limits.ceiling);
          expect(pace.burst).toBeGreaterThanOrEqual(1);
          expect(pace.burst).toBeLessThanOrEqual(limits.burst);
        }
      }),
    );
  });

  it('answers every 429 outside a pause with a rate lower by a tenth at least, down to the floor', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 5000 }), (steps, retryAfterMs) => {
        for (const [pace, now] of along(steps)) {
          if (now < pace.pausedUntil) continue;
          const after = learn(pace, { kind: 'throttled', retryAfterMs }, now);
          const bound = Math.max(Math.min(limits.floor, ceilingOf(pace)), rateAt(pace, now) * 0.9 + 1e-9);
          expect(rateAt(after, now)).toBeLessThanOrEqual(bound);
          expect(after.pausedUntil).toBeGreaterThanOrEqual(now + retryAfterMs);
        }
      }),
    );
  });

  it('cuts the measured rate by a tenth at the first 429 and by half at another one soon after', () => {
    const first = learn(fresh(), { kind: 'throttled', retryAfterMs: 1000 }, 0);
    expect(rateAt(first, 0)).toBeCloseTo(9);
    const second = learn(first, { kind: 'throttled', retryAfterMs: 1000 }, 1000);
    expect(rateAt(second, 1000)).toBeCloseTo(4.5);
  });

  it('cuts once for all the calls that were under way', () => {
    let pace = fresh();
    for (let n = 0; n < 5; n += 1) pace = learn(pace, { kind: 'throttled', retryAfterMs: 1000 }, n);
    expect(rateAt(pace, 5)).toBeCloseTo(9);
  });

  it('pauses for an hour at most, whatever a 429 asks for', () => {
    const pace = learn(fresh(), { kind: 'throttled', retryAfterMs: 1e12 }, 0);
    expect(pace.pausedUntil).toBe(3_600_000);
  });

  it('recovers concavely: fast at first, then ever slower, up to the last good rate', () => {
    const cut = learn(fresh(), { kind: 'throttled', retryAfterMs: 1 }, 0);
    const rates = [0, 0.75, 1.5, 2.25, 3].map((seconds) => rateAt(cut, 1 + seconds * 1000));
    const steps = rates.slice(1).map((rate, n) => rate - (rates[n] ?? 0));
    expect(steps).toEqual([...steps].sort((a, b) => b - a));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(rates.at(-1)).toBeCloseTo(9.9);
  });

  it('probes for more only while what there is is used', () => {
    let idle = fullBucket(fresh(), 0);
    for (let now = 0; now < 120_000; now += 1000) idle = told(idle, { kind: 'accepted', calls: 1, ms: 50 }, now);
    expect(rateAt(idle.pace, 120_000)).toBe(10);
    const busy = play(fullBucket(fresh(), 0), 0, 30, () => 1e9).bucket;
    expect(rateAt(busy.pace, 30_000)).toBe(40);
  });

  it('never probes above a contract', () => {
    const { bucket, now } = play(fullBucket(fresh({ ceiling: 10 }), 0), 0, 300, () => 1e9);
    expect(rateAt(bucket.pace, now)).toBe(10);
  });

  it.each([5, 12, 30])('finds a limit of %d a second and stays below it', (limit) => {
    const settled = play(fullBucket(fresh(), 0), 0, 200, () => limit);
    expect(rateAt(settled.bucket.pace, settled.now)).toBeGreaterThan(limit * 0.9);
    const steady = play(settled.bucket, settled.now, 300, () => limit);
    expect(steady.refused / (limit * 300)).toBeLessThan(0.005);
  });

  it('refuses itself a second refused probe within a minute where less than five calls a second are borne', () => {
    const settled = play(fullBucket(fresh(), 0), 0, 300, () => 3);
    const steady = play(settled.bucket, settled.now, 600, () => 3);
    expect(steady.refused).toBeLessThanOrEqual(11);
  });

  it('slows down where calls fail, without a pause', () => {
    let pace = fresh();
    for (let n = 0; n < 20; n += 1) pace = learn(pace, { kind: 'failed' }, n);
    expect(rateAt(pace, 20)).toBeLessThan(9);
    expect(pace.pausedUntil).toBe(-Infinity);
  });

  it('slows down where answers take several times as long as usual', () => {
    let pace = fresh();
    for (let n = 0; n < 50; n += 1) pace = learn(pace, { kind: 'accepted', calls: 1, ms: 100 }, n);
    for (let n = 0; n < 50; n += 1) pace = learn(pace, { kind: 'accepted', calls: 1, ms: 2000 }, 50 + n);
    expect(rateAt(pace, 100)).toBeLessThan(10);
  });

  it('obeys what the OPCO says of its own counting', () => {
    const fields = { policy: { calls: 120, windowMs: 60_000 }, remaining: 0, resetMs: 7000 };
    const pace = learn(fresh(), { kind: 'fields', fields }, 100);
    expect(rateAt(pace, 100)).toBe(2);
    expect(pace.pausedUntil).toBe(7100);
  });
});

describe('a bucket that learns', () => {
  it('never grants more than its burst and its highest rate allow, over any window', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.option(anEvent, { freq: 8 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const granted: number[] = [];
        let [bucket, now] = [fullBucket(fresh({ ceiling: 10 }), 0), 0];
        for (const [ms, event] of list) {
          now += ms;
          bucket = fill(bucket, now);
          if (waitMs(bucket, 0) === 0) {
            bucket = take(bucket);
            granted.push(now);
          }
          if (event) bucket = told(bucket, event, now);
        }
        granted.forEach((from, n) => {
          for (let last = n; last < granted.length; last += 1) {
            expect(last - n + 1).toBeLessThanOrEqual(10.5 + (10 * ((granted[last] ?? 0) - from)) / 1000 + 1e-6);
          }
        });
      }),
    );
  });

  it('has a token after exactly the wait that it names', () => {
    let bucket = fullBucket(fresh({ burst: 1 }), 0);
    bucket = take(fill(bucket, 0));
    const wait = waitMs(bucket, 0);
    expect(waitMs(fill(bucket, wait - 2), 0)).toBeGreaterThan(0);
    expect(waitMs(fill(bucket, wait), 0)).toBe(0);
  });

  it('gives nothing while it is paused, and nothing left over from before afterwards', () => {
    const bucket = told(fullBucket(fresh(), 0), { kind: 'throttled', retryAfterMs: 4000 }, 0);
    expect(waitMs(fill(bucket, 3999), 0)).toBeGreaterThan(0);
    expect(fill(bucket, 4001).tokens).toBeLessThan(0.1);
  });

  it('takes a token back up to its burst', () => {
    expect(giveBack(fullBucket(fresh(), 0)).tokens).toBe(10);
  });
});
