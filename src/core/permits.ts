import type { Permit, TrafficClass } from './exchange.js';

/** What the holder of a budget says to somebody who wants to call. */
export type PermitDecision =
  | { readonly granted: true; readonly permit: Permit }
  /** Seconds until a permit may be had, fractions included: a true wait, not a guess. */
  | { readonly granted: false; readonly retryAfterSeconds: number };

/** The share of each OPCO's budget that this process may spend. Budgets are named by `budgetKey`. Never waits. */
export interface Permits {
  take(budget: string, traffic: TrafficClass): PermitDecision;
  /** The OPCO answered 429; with its `Retry-After` in seconds where it gave one. */
  throttled(budget: string, retryAfterSeconds?: number): void;
}
