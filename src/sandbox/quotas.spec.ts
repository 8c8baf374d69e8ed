import fc from 'fast-check';
import { quotaKinds, Quotas, type Quota } from './quotas.js';

/** Real and virtual time, moved by hand. */
function hands() {
  let [real, virtual] = [1_000_000, 0];
  return {
    clock: { now: () => real, elapsed: () => real },
    virtual: { now: () => virtual },
    pass: (ms: number) => void (real += ms),
    live: (ms: number) => void (virtual += ms),
  };
}

const one = { client: 'c', cfa: 'f' };

function quotasOf(...quotas: readonly Quota[]) {
  const time = hands();
  return { ...time, quotas: new Quotas(time.clock, time.virtual, { akto: quotas }) };
}

const most = (instants: readonly number[], windowMs: number) =>
  Math.max(0, ...instants.map((from) => instants.filter((at) => at >= from && at < from + windowMs).length));

/** Mostly close together, so that limits are met, sometimes far apart. */
const gap = fc.oneof({ weight: 9, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.nat(80) });
const gaps = fc.array(gap, { minLength: 1, maxLength: 300 });
const limits = fc.integer({ min: 0, max: 12 });
const windows = fc.integer({ min: 1, max: 200 });

/** The instants that were granted. */
function granted(quota: Quota, passing: readonly number[], living: readonly number[] = []): readonly number[] {
  const { quotas, clock, pass, live } = quotasOf(quota);
  return passing.flatMap((ms, rank) => {
    pass(ms);
    live(living[rank] ?? 0);
    return quotas.take('akto', one).granted ? [clock.now()] : [];
  });
}

describe('a quota', () => {
  it('of a sliding window is never overrun in any window, and grants whatever would not overrun it', () => {
    fc.assert(
      fc.property(limits, windows, gaps, (limit, windowMs, passing) => {
        const instants = granted({ kind: 'sliding', limit, windowMs }, passing);
        expect(most(instants, windowMs)).toBeLessThanOrEqual(limit);
        let now = 1_000_000;
        const model: number[] = [];
        for (const ms of passing) {
          now += ms;
          if (model.filter((at) => at > now - windowMs).length < limit) model.push(now);
        }
        expect(instants).toEqual(model);
      }),
    );
  });

  it('of a fixed window is never overrun in one, and grants all of it', () => {
    fc.assert(
      fc.property(limits, windows, gaps, (limit, windowMs, passing) => {
        const used = new Map<number, number>();
        for (const at of granted({ kind: 'fixed', limit, windowMs }, passing)) {
          const window = Math.floor(at / windowMs);
          used.set(window, (used.get(window) ?? 0) + 1);
        }
        let now = 1_000_000;
        const asked = new Map<number, number>();
        for (const ms of passing) {
          now += ms;
          const window = Math.floor(now / windowMs);
          asked.set(window, (asked.get(window) ?? 0) + 1);
        }
        for (const [window, count] of asked) expect(used.get(window) ?? 0).toBe(Math.min(limit, count));
      }),
    );
  });

  it('of a bucket never lets through more than its burst and what flowed in', () => {
    fc.assert(
      fc.property(limits, limits, windows, gaps, (limit, burst, windowMs, passing) => {
        const instants = granted({ kind: 'bucket', limit, burst, windowMs }, passing);
        for (let from = 0; from < instants.length; from += 1)
          for (let to = from; to < instants.length; to += 1) {
            const span = (instants[to] ?? 0) - (instants[from] ?? 0);
            expect(to - from + 1).toBeLessThanOrEqual(burst + (span * limit) / windowMs + 1e-6);
          }
      }),
    );
  });

  it.each(quotaKinds)('of kind %s that moves never exceeds the highest limit of the time', (kind) => {
    fc.assert(
      fc.property(limits, limits, windows, gaps, (limit, next, windowMs, passing) => {
        const half = Math.floor(passing.length / 2);
        const living = passing.map((_, rank) => (rank === half ? 1000 : 0));
        const instants = granted({ kind, limit, windowMs, schedule: [{ at: 1000, limit: next }] }, passing, living);
        const slots = kind === 'fixed' ? 2 : 1;
        // A window of any place touches two fixed ones; a bucket holds a burst more than flows in.
        const highest = Math.max(limit, next) * slots + (kind === 'bucket' ? limit + 1 : 0);
        expect(most(instants, windowMs)).toBeLessThanOrEqual(highest);
        if (kind !== 'sliding') return;
        const changed = 1_000_000 + passing.slice(0, half).reduce((total, ms) => total + ms, 0);
        expect(
          most(
            instants.filter((at) => at > changed + (passing[half] ?? 0)),
            windowMs,
          ),
        ).toBeLessThanOrEqual(next);
      }),
    );
  });

  it.each(quotaKinds)('of kind %s grants again after the wait that it told, and not a millisecond before', (kind) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }), gaps, (limit, seconds, passing) => {
        const { quotas, pass } = quotasOf({ kind, limit, windowMs: seconds * 1000 });
        for (const ms of passing) {
          pass(ms);
          quotas.take('akto', one);
        }
        for (let calls = 0; calls <= limit; calls += 1) quotas.take('akto', one);
        const answer = quotas.take('akto', one);
        expect(answer.granted).toBe(false);
        const wait = Number(answer.headers['retry-after']);
        expect(wait).toBeGreaterThanOrEqual(1);
        pass(wait * 1000 - 999);
        pass(999);
        expect(quotas.take('akto', one).granted).toBe(true);
      }),
    );
  });

  it('halves at a virtual instant and rises again at another', () => {
    const { quotas, live, pass } = quotasOf({
      limit: 4,
      windowMs: 1000,
      schedule: [
        { at: 200, limit: 6 },
        { at: 100, limit: 2 },
      ],
    });
    const grants = () => {
      pass(1000);
      return Array.from({ length: 8 }, () => quotas.take('akto', one).granted).filter(Boolean).length;
    };
    const counts = [grants()];
    live(100);
    counts.push(grants());
    live(100);
    expect([...counts, grants()]).toEqual([4, 2, 6]);
  });

  it.each([
    ['client', [false, false, true]],
    ['cfa', [false, true, false]],
    ['both', [false, true, true]],
  ] as const)('per %s is shared by whom it says', (per, free) => {
    const { quotas } = quotasOf({ limit: 1, windowMs: 1000, per });
    quotas.take('akto', one);
    const others = [one, { ...one, cfa: 'other' }, { ...one, client: 'other' }];
    expect(others.map((caller) => quotas.take('akto', caller).granted)).toEqual(free);
    expect(quotas.take('afdas', one).granted).toBe(true);
  });

  it('beside another takes a call from both of them or from none', () => {
    const { quotas, pass } = quotasOf({ limit: 3, windowMs: 1000 }, { limit: 1, windowMs: 1000, per: 'cfa' });
    const caller = (cfa: string) => ({ client: 'c', cfa });
    const asked = ['a', 'a', 'a', 'b', 'c', 'd'].map((cfa) => quotas.take('akto', caller(cfa)).granted);
    expect(asked).toEqual([true, false, false, true, true, false]);
    expect(quotas.counts().find(({ cfa }) => cfa === 'd')).toMatchObject({ left: 1, granted: 0, refused: 0 });
    expect(quotas.counts()[0]).toMatchObject({ client: 'c', cfa: null, limit: 3, left: 0, granted: 3, refused: 1 });
    pass(1000);
    expect(quotas.take('akto', caller('d')).granted).toBe(true);
  });

  it('keeps one counter for all keys that nobody knows', () => {
    const { quotas } = quotasOf({ limit: 1, windowMs: 1000, per: 'cfa' });
    expect(quotas.take('akto', { client: 'c', cfa: undefined }).granted).toBe(true);
    expect(quotas.take('akto', { client: 'd', cfa: undefined }).granted).toBe(false);
    expect(quotas.counts()).toHaveLength(1);
  });

  it('tells the wait in seconds, as a date that is not too early, or not at all', () => {
    const after = (retryAfter: Quota['retryAfter']) => {
      const { quotas } = quotasOf({ limit: 0, windowMs: 2500, ...(retryAfter && { retryAfter }) });
      return quotas.take('akto', one).headers;
    };
    expect(after(undefined)).toEqual({ 'retry-after': '3' });
    expect(after('seconds')).toEqual({ 'retry-after': '3' });
    // 1 000 000 ms and 2 500 of wait: 1 002 500, hence the second 1 003.
    expect(after('date')).toEqual({ 'retry-after': 'Thu, 01 Jan 1970 00:16:43 GMT' });
    expect(after('none')).toEqual({});
  });

  it('shows what is left in the fields of the draft, refused or not', () => {
    const { quotas } = quotasOf({ kind: 'sliding', limit: 2, windowMs: 10_000, fields: true, per: 'cfa' });
    const fields = () => quotas.take('akto', one).headers;
    const policy = { 'ratelimit-policy': '"cfa";q=2;w=10' };
    expect(fields()).toEqual({ ...policy, ratelimit: '"cfa";r=1;t=10' });
    expect(fields()).toEqual({ ...policy, ratelimit: '"cfa";r=0;t=10' });
    expect(fields()).toEqual({ ...policy, ratelimit: '"cfa";r=0;t=10', 'retry-after': '10' });
  });

  it('is fifty a second where nobody set one, and the first ones again after a clear', () => {
    const { quotas } = quotasOf({ limit: 1, windowMs: 1000 });
    expect(quotas.of('afdas')).toEqual([{ limit: 50, windowMs: 1000 }]);
    quotas.set('akto', { limit: 9, windowMs: 1 });
    quotas.clear();
    expect(quotas.of('akto')).toEqual([{ limit: 1, windowMs: 1000 }]);
  });

  it('costs the same however high it is', () => {
    const { quotas } = quotasOf({ kind: 'sliding', limit: 1_000_000, windowMs: 1_000_000 });
    const began = performance.now();
    for (let calls = 0; calls < 200_000; calls += 1) quotas.take('akto', one);
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
