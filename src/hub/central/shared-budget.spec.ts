import fc from 'fast-check';
import { guarantees, type Lane } from '../fair/classes.js';
import { SharedBudget } from './shared-budget.js';

const aClass = fc.constantFrom('interactive', 'job', 'poll', 'bulk');

describe("one OPCO's budget", () => {
  it('leaves every class what it is guaranteed, whoever else wants everything, and grants no more than there is', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(aClass, { minLength: 1, maxLength: 4 }),
        fc.record({ rate: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 60 }) }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (classes, size, share) => {
          const budget = new SharedBudget(size, 0);
          budget.want(
            'i',
            classes.map((lane) => ({ lane, tenant: lane, weight: 1, calls: 9999 })),
          );
          const had: Partial<Record<Lane, number>> = {};
          let [now, all] = [0, 0];
          while (all < 600) {
            for (const { lane } of budget.grants({ now, share })) {
              had[lane] = (had[lane] ?? 0) + 1;
              all += 1;
            }
            now += budget.nextMs({ now, share }) ?? NaN;
          }
          expect(all).toBeLessThanOrEqual(size.burst + 1 + (size.rate * share * now) / 1000);
          for (const lane of classes) expect(had[lane] ?? 0).toBeGreaterThanOrEqual(guarantees[lane] * all - 8);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells nobody to stay away who need not wait for what its class leaves, since others take it anyway', () => {
    const budget = new SharedBudget({ rate: 2, burst: 10 }, 0);
    const at = { now: 0, share: 1 };
    while (budget.take('interactive', 't', at));
    expect(budget.word('b', at).leastMs?.bulk).toBeGreaterThan(2000);
    budget.want('i', [{ lane: 'interactive', tenant: 't', weight: 1, calls: 5 }]);
    expect(budget.word('b', at).leastMs?.bulk).toBeLessThanOrEqual(500);
  });
});
