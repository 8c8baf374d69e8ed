import fc from 'fast-check';
import type { EventPage } from '../core/contract/webhook.js';
import { lackingIn } from './listen-numbers.js';

const page = (sequences: readonly number[], rest: Partial<EventPage> = {}) =>
  ({
    data: sequences.map((sequence) => ({ sequence })),
    ...{ nextCursor: null, upTo: sequences.at(-1) ?? 0, missed: 0 },
    ...rest,
  }) as unknown as EventPage;

describe('what lacks in a page', () => {
  it('is what is neither there nor said to be gone, wherever it stood', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 })),
        (after, purged, lost) => {
          const unsaid = lost.filter((each) => !purged.includes(each));
          const left = Array.from({ length: 30 }, (_, index) => index + 1).filter(
            (each) => !purged.includes(each) && !unsaid.includes(each),
          );
          const seen = page(
            left.map((each) => after + each),
            { missed: purged.length, upTo: after + 30 },
          );
          expect(lackingIn(after, seen)).toBe(unsaid.length);
        },
      ),
    );
  });

  it('is nothing in a feed that is not read to its end, is empty, or lost all to retention', () => {
    expect(lackingIn(3, page([4, 5], { nextCursor: '5', upTo: 5 }))).toBe(0);
    expect(lackingIn(0, page([]))).toBe(0);
    expect(lackingIn(9, page([], { upTo: 9 }))).toBe(0);
    expect(lackingIn(2, page([], { upTo: 7, missed: 5 }))).toBe(0);
  });
});
