import fc from 'fast-check';
import type { EventPage } from '../core/contract/webhook.js';
import { gapsIn } from './listen-numbers.js';

const page = (sequences: readonly number[], rest: Partial<EventPage> = {}) =>
  ({
    data: sequences.map((sequence) => ({ sequence })),
    ...{ nextCursor: null, upTo: sequences.at(-1) ?? 0, missed: 0 },
    ...rest,
  }) as unknown as EventPage;

describe('gapsIn', () => {
  it('finds nothing in pages that follow one another, and just what is taken out of one', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(20), fc.uniqueArray(fc.integer({ min: 1, max: 30 })), (after, missed, taken) => {
        const whole = Array.from({ length: 30 }, (_, index) => after + missed + 1 + index);
        const left = whole.filter((_, index) => !taken.includes(index + 1));
        const gaps = gapsIn(after, page(left, { missed, upTo: whole.at(-1) as number }));
        const lacking = gaps.flatMap(([first, last]) => whole.filter((each) => each >= first && each <= last));
        expect(lacking).toEqual(whole.filter((each) => !left.includes(each)));
        for (const [first, last] of gaps) expect(last).toBeGreaterThanOrEqual(first);
      }),
    );
  });

  it('holds nothing against a feed that is not read to its end, is empty, or lost all to retention', () => {
    expect(gapsIn(3, page([4, 5], { nextCursor: '5', upTo: 5 }))).toEqual([]);
    expect(gapsIn(0, page([]))).toEqual([]);
    expect(gapsIn(9, page([], { upTo: 9 }))).toEqual([]);
    expect(gapsIn(2, page([], { upTo: 7, missed: 5 }))).toEqual([]);
  });
});
