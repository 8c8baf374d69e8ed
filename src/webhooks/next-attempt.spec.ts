import fc from 'fast-check';
import { nextAttempt } from './next-attempt.js';

const schedule = [0, 1000, 5000, 15_000, 60_000];
const after = (status: number | null, more: { made?: number; retryAfterSeconds?: number } = {}) =>
  nextAttempt({ status, made: 1, ...more }, schedule, 0.5);

describe('what follows an attempt', () => {
  it.each([200, 201, 204, 299])('is nothing more after %i', (status) => {
    expect(after(status)).toEqual({ status: 'delivered' });
  });

  it.each([null, 100, 301, 302, 307, 308, 400, 404, 429, 500, 503])('is the schedule after %p', (status) => {
    expect([1, 2, 3, 4].map((made) => after(status, { made }))).toEqual(
      [1000, 5000, 15_000, 60_000].map((retryInMs) => ({ status: 'pending', retryInMs })),
    );
    expect(after(status, { made: 5 })).toEqual({ status: 'failed' });
  });

  it('is the end after 410', () => expect(after(410)).toEqual({ status: 'failed' }));

  it('is the wait that 429 and 503 ask for, when it is longer than the schedule', () => {
    for (const status of [429, 503]) {
      expect(after(status, { retryAfterSeconds: 20 })).toEqual({ status: 'pending', retryInMs: 20_000 });
      expect(after(status, { retryAfterSeconds: 20, made: 4 })).toEqual({ status: 'pending', retryInMs: 60_000 });
    }
    expect(after(500, { retryAfterSeconds: 20 })).toEqual({ status: 'pending', retryInMs: 1000 });
  });

  it('is never sooner than nine tenths of the schedule, nor later than a day beyond it', () => {
    const attempts = fc.record({
      status: fc.option(fc.constantFrom(100, 302, 404, 429, 500, 503)),
      retryAfterSeconds: fc.option(fc.integer({ min: 1, max: 86_400 }), { nil: undefined }),
      made: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(attempts, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (attempt, random) => {
        const next = nextAttempt(attempt, schedule, random);
        const wait = schedule[attempt.made] ?? NaN;
        if (next.status !== 'pending') throw new Error('more attempts were left');
        expect(next.retryInMs).toBeGreaterThanOrEqual(wait * 0.9);
        expect(next.retryInMs).toBeLessThanOrEqual(Math.max(wait * 1.1, 86_400_000));
      }),
    );
  });
});
