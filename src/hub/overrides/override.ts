/** How a budget is kept: refusing what is too much, or only counting it. */
export const overrideModes = ['enforce', 'shadow'] as const;
/** One of them. */
export type OverrideMode = (typeof overrideModes)[number];

/** What staff has said of one budget, for a while. */
export interface BudgetOverride {
  readonly opcoId: string;
  readonly environment: string;
  readonly rate: number | null;
  readonly burst: number | null;
  readonly mode: OverrideMode;
  readonly reason: string;
  /** The author as the audit trail names it. */
  readonly setBy: string;
  readonly setAt: Date;
  readonly expiresAt: Date;
}

/** An override as it was read, with what PostgreSQL's clock leaves it: those of the machines may differ. */
export type RunningOverride = BudgetOverride & { readonly leftMs: number };
