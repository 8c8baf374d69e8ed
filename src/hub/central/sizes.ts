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

  /** Says how large a budget is; what had been learnt by another size is forgotten. */
  declare(budget: string, size: BudgetSize): void {
    this.#sizes.set(budget, size);
  }

  of(budget: string): BudgetSize {
    return this.#sizes.get(budget) ?? undeclared;
  }

  has(budget: string): boolean {
    return this.#sizes.has(budget);
  }

  get names(): readonly string[] {
    return [...this.#sizes.keys()];
  }
}
