import fc from 'fast-check';
import type { BudgetWord, FromHub } from '../messages.js';
import { fitted, fittedWord } from './fit.js';
import { longestMessage } from './to-hub-schema.js';
import { readFromHub, readToHub } from './validate.js';

const tenant = (at: number) => at.toString(16).padStart(64, '0');
const ms = 123_456.789_012_345_67;
const waitMs = { interactive: ms, job: ms, poll: ms, bulk: ms, ahead: ms };

/** A word of so many budgets with the longest names and figures, in each of which so many tenants wait for their own sake. */
function aWord(budgets: number, tenants: number): Extract<FromHub, { type: 'limits' }> {
  const ofOne = Object.fromEntries(Array.from({ length: tenants }, (_, at) => [tenant(at), ms + at]));
  const budget: BudgetWord = {
    ...{ budget: 'x'.repeat(80), rate: ms, burst: ms, pausedMs: ms, waitMs, leastMs: waitMs, ofOne },
  };
  const serial = Number.MAX_SAFE_INTEGER;
  return { epoch: serial, n: serial, type: 'limits', budgets: Array.from({ length: budgets }, () => budget) };
}

describe('a word of the hub', () => {
  it('is one that an instance takes, however many CFAs are refused at their own key', () => {
    const sizes = fc.record({ budgets: fc.integer({ min: 1, max: 50 }), tenants: fc.integer({ min: 0, max: 2000 }) });
    fc.assert(
      fc.property(sizes, ({ budgets, tenants }) => {
        const text = JSON.stringify(fittedWord(aWord(budgets, tenants)));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(longestMessage);
        expect(readFromHub(text)).toHaveProperty('message');
      }),
      { numRuns: 30, examples: [[{ budgets: 50, tenants: 2000 }], [{ budgets: 1, tenants: 2000 }]] },
    );
  });

  it('tells of the CFAs that wait longest, and of all where there are few', () => {
    const [told] = (fittedWord(aWord(1, 1000)) as ReturnType<typeof aWord>).budgets;
    expect(Math.min(...Object.values(told?.ofOne ?? {}))).toBe(ms + 700);
    const few = aWord(2, 150);
    expect(fittedWord(few)).toBe(few);
  });
});

describe('a message to the hub', () => {
  it('is taken in pieces, and nothing is told twice or left out', () => {
    const became = Array.from({ length: 1234 }, (_, at) => ({
      ...{ tenant: tenant(at), accepted: at, failed: 0, throttled: 0, ms },
      headers: { ratelimit: 'x'.repeat(200), 'ratelimit-policy': 'x'.repeat(200) },
    }));
    const pieces = fitted({ type: 'report', budget: 'x'.repeat(80), became, ahead: 7 });
    for (const piece of pieces) expect(readToHub(JSON.stringify(piece))).toEqual({ message: piece });
    const told = pieces.flatMap((piece) => (piece.type === 'report' ? [piece] : []));
    expect(told.flatMap((piece) => piece.became)).toEqual(became);
    expect(told.reduce((sum, { ahead }) => sum + ahead, 0)).toBe(7);
  });
});
