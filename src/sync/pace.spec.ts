import fc from 'fast-check';
import { backOffMs, secondsLeft, smoothedRate } from './pace.js';

describe('the pace of a synchronisation', () => {
  it('is that of the first batch, then leans towards each later one', () => {
    expect(smoothedRate(null, { done: 50, seconds: 5 })).toBe(10);
    expect(smoothedRate(10, { done: 50, seconds: 2.5 })).toBeCloseTo(13);
    expect(smoothedRate(10, { done: 0, seconds: 5 })).toBeCloseTo(7);
  });

  it('stays between what was and what is, whatever came', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.nat({ max: 1000 }),
        fc.double({ min: 0.001, max: 1e4, noNaN: true }),
        (before, done, seconds) => {
          const [low, high] = [Math.min(before, done / seconds), Math.max(before, done / seconds)];
          const rate = smoothedRate(before, { done, seconds });
          expect(rate).toBeGreaterThanOrEqual(low - 1e-6);
          expect(rate).toBeLessThanOrEqual(high + 1e-6);
        },
      ),
    );
  });

  it('says how long the rest takes, and nothing where it cannot know', () => {
    expect(secondsLeft(100, 10)).toBe(10);
    expect(secondsLeft(0, null)).toBe(0);
    expect([secondsLeft(1, null), secondsLeft(1, 0)]).toEqual([null, null]);
  });
});

describe('the back-off of a synchronisation', () => {
  it('doubles up to five minutes, and spreads over the upper half', () => {
    expect([0, 1, 2, 20].map((failures) => backOffMs(failures, 2000, 1))).toEqual([2000, 4000, 8000, 300_000]);
    expect(backOffMs(1, 2000, 0)).toBe(2000);
  });
});
