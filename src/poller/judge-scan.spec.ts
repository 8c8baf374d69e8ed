import fc from 'fast-check';
import { isMassDeletion, isVerified } from './judge-scan.js';

const scan = { complete: true, rows: 4, numbers: 4, totals: new Set<number | null>([4]) };

describe('isVerified', () => {
  it('trusts a list that was read to its end and is as long as it says', () => {
    expect(isVerified(scan)).toBe(true);
    expect(isVerified({ ...scan, rows: 0, numbers: 0, totals: new Set([0]) })).toBe(true);
  });

  it('trusts no list that is broken off, short, moving, or that tells no total or two', () => {
    expect(isVerified({ ...scan, complete: false })).toBe(false);
    expect(isVerified({ ...scan, rows: 3, numbers: 3 })).toBe(false);
    expect(isVerified({ ...scan, rows: 5 })).toBe(false);
    expect(isVerified({ ...scan, totals: new Set([null]) })).toBe(false);
    expect(isVerified({ ...scan, totals: new Set([4, 5]) })).toBe(false);
    expect(isVerified({ ...scan, totals: new Set() })).toBe(false);
  });
});

describe('isMassDeletion', () => {
  it('lets three go, or one in twenty, and never more than fifty', () => {
    const of = (candidates: number, known: number) => isMassDeletion({ candidates, known, endedLately: 0 });
    expect([of(3, 3), of(4, 10), of(4, 79), of(4, 80), of(50, 1000), of(50, 10_000), of(51, 10_000)]).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  it('cannot be passed under in small steps', () => {
    expect(isMassDeletion({ candidates: 1, known: 20, endedLately: 3 })).toBe(true);
  });

  it('never lets more than the larger of three and one in twenty go, nor more than fifty', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(5000), fc.nat(60), (candidates, others, endedLately) => {
        const known = candidates + others;
        if (isMassDeletion({ candidates, known, endedLately }) || candidates === 0) return;
        expect(candidates).toBeLessThanOrEqual(Math.min(50, Math.max(3, 0.05 * (known + endedLately))));
      }),
    );
  });
});
