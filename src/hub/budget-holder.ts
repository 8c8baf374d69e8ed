import type { StaffWord } from './bucket/hold-to.js';

/** The size of a budget as it was declared: calls a second, and how many may come at once. */
export interface BudgetSize {
  readonly rate: number;
  readonly burst: number;
  /** The highest rate that may be learnt; the rate itself where it is a contract. */
  readonly ceiling?: number;
}

/** What is known of a budget at this moment. */
export interface BudgetLook {
  /** Calls a second that the OPCO is believed to bear. */
  readonly rate: number;
  readonly burst: number;
  /** The highest rate that may be learnt now. */
  readonly ceiling: number;
  readonly declared: BudgetSize;
  /** For how long the OPCO asked to be left alone. */
  readonly pausedSeconds: number;
  /** Tenants that the OPCO refuses at their own key. */
  readonly throttled: readonly { readonly tenant: string; readonly rate: number; readonly pausedSeconds: number }[];
}

/** Who holds budgets in this process. */
export interface BudgetHolder {
  look(budget: string): BudgetLook;
  /** Staff says what a budget bears, until it says otherwise; undefined: as declared and learnt. */
  holdTo(budget: string, word: StaffWord | undefined): void;
}
