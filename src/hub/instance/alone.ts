import { Budgets, type BudgetsParts } from '../central/budgets.js';
import type { BudgetSize, BudgetSizes } from '../central/sizes.js';
import type { Desk } from './desk.js';

/**
 * The budgets of an instance that hears of no hub: by what was known last, else by what is declared, and never more than that, since
 * nobody is there to say that more is borne. They begin empty, since others have been using them until now, and no pause ends before its
 * time.
 */
export function budgetsAlone({
  desks,
  sizes,
  ...parts
}: Omit<BudgetsParts, 'sizes' | 'drained' | 'pausedUntil'> & {
  readonly sizes: BudgetSizes;
  readonly desks: ReadonlyMap<string, Desk>;
}): Budgets {
  const known = new Map<string, BudgetSize>();
  for (const [budget, { word }] of desks) if (word) known.set(budget, { rate: word.rate, burst: word.burst });
  const pausedUntil = (budget: string) => desks.get(budget)?.pausedUntil;
  return new Budgets({ ...parts, drained: true, pausedUntil, sizes: sizes.where(known) });
}
