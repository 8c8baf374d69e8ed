import type { StaffWord } from '../bucket/hold-to.js';

/** The size of a budget: calls a second, and how many may come at once. */
export interface BudgetSize {
  readonly rate: number;
  readonly burst: number;
  /** The highest rate that may be learnt; the rate itself where it is a contract. */
  readonly ceiling?: number;
}

/** For a budget nobody has declared: slow, but neither nothing nor without limit. */
const undeclared: BudgetSize = { rate: 1, burst: 1 };

/** What is said of each budget before anything has been learnt about it: by operators and adapters, the same in every process. */
export class BudgetSizes {
  readonly #sizes = new Map<string, BudgetSize>();
  readonly #said = new Map<string, StaffWord>();

  /** Says how large a budget is; what had been learnt by another size is forgotten. */
  declare(budget: string, size: BudgetSize): void {
    this.#sizes.set(budget, size);
  }

  /** Staff says what a budget bears, over what was declared and learnt; undefined: it says so no more. */
  holdTo(budget: string, word: StaffWord | undefined): void {
    if (word) this.#said.set(budget, word);
    else this.#said.delete(budget);
  }

  /** The same object as long as the same is said. */
  said(budget: string): StaffWord | undefined {
    return this.#said.get(budget);
  }

  of(budget: string): BudgetSize {
    return this.#sizes.get(budget) ?? undeclared;
  }

  has(budget: string): boolean {
    return this.#sizes.has(budget);
  }

  /** The same, but for budgets of which something else is known. */
  where(known: ReadonlyMap<string, BudgetSize>): Pick<BudgetSizes, 'of' | 'has' | 'said' | 'names'> {
    return {
      of: (budget) => known.get(budget) ?? this.of(budget),
      has: (budget) => this.has(budget),
      said: (budget) => this.said(budget),
      names: this.names,
    };
  }

  get names(): readonly string[] {
    return [...this.#sizes.keys()];
  }
}
