import type { BudgetWord } from '../messages.js';
import { Desk } from './desk.js';

const waitMs = { interactive: 0, job: 0, poll: 0, bulk: 0, ahead: 0 };
const word = (ofOne: BudgetWord['ofOne'] = {}): BudgetWord => ({
  ...{ budget: 'one', rate: 100, burst: 100, pausedMs: 0, waitMs, ofOne },
});
const anAsk = (tenant: string) => ({ lane: 'interactive' as const, tenant, weight: 1, granted: () => undefined });

describe("an instance's store", () => {
  it('serves others while a tenant waits that the OPCO refuses alone, and waits for that one as soon as it may go', () => {
    const desk = new Desk();
    desk.hear(word({ noisy: 5000 }), 0);
    desk.store(3);
    desk.waiting.add(anAsk('noisy'));
    expect(desk.take('interactive', 'other', 100)).toBe(true);
    expect(desk.waitMs('interactive', 'other', 100).shared).toBe(0);
    expect(desk.take('interactive', 'noisy', 100)).toBe(false);
    expect(desk.take('interactive', 'other', 5001)).toBe(false);
    expect(desk.waitMs('interactive', 'other', 5001).shared).toBeGreaterThan(0);
  });

  it('keeps nothing from whoever has come to wait since it was asked for', () => {
    const desk = new Desk();
    desk.hear(word(), 0);
    expect([desk.filled(4, 0), desk.stored]).toEqual([0, 4]);
    desk.waiting.add(anAsk('a'));
    expect([desk.filled(2, 0), desk.stored]).toEqual([6, 0]);
    expect(desk.said()).toBe(6);
  });
});
