import fc from 'fast-check';
import { RetryBudget } from './retry.js';

describe('the budget of retries', () => {
  it('never gives more than a tenth of the calls, and two to begin with', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 300 }), (wanted) => {
        const budget = new RetryBudget();
        let retries = 0;
        wanted.forEach((many, index) => {
          budget.earn();
          for (let n = 0; n < many; n += 1) if (budget.spend()) retries += 1;
          expect(retries).toBeLessThanOrEqual(2 + (index + 1) / 10);
        });
      }),
    );
  });

  it('lays aside ten at most', () => {
    const budget = new RetryBudget();
    for (let call = 0; call < 1000; call += 1) budget.earn();
    expect(Array.from({ length: 20 }, () => budget.spend()).filter(Boolean)).toHaveLength(10);
  });
});
