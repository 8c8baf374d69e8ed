import type { Permit, TrafficClass } from './exchange.js';

/** What the holder of a budget says to somebody who wants to call. */
export type PermitDecision =
  | { readonly granted: true; readonly permit: Permit }
  /** Seconds until a permit may be had, fractions included: a true wait, not a guess. */
  | {
      readonly granted: false;
      readonly retryAfterSeconds: number;
      /** The OPCO refuses this tenant alone: the others need not wait. */
      readonly ofOne?: boolean;
    };

/** What became of a call that was no 429. */
export interface CallAnswer {
  readonly tenant: string;
  readonly ms: number;
  /** No answer, or a 5xx. */
  readonly failed: boolean;
  /** Names in lower case; where the OPCO tells of its own counting. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Who asks, and for how long it is ready to stand in line. */
export interface Asking {
  readonly tenant: string;
  readonly patienceMs: number;
  /** Against the other tenants, 0.1 to 100; 1 when absent. */
  readonly weight?: number;
  /** Whoever leaves is let go. */
  readonly signal?: AbortSignal;
}

/**
 * The share of each OPCO's budget that this process may spend. Budgets are named by `budgetKey`. Where a tenant is named, refusals
 * that are its own at the OPCO shrink nobody else's share.
 */
export interface Permits {
  /** Never waits, and overtakes nobody who does. */
  take(budget: string, traffic: TrafficClass, tenant?: string): PermitDecision;
  /** Stands in line, fairly between classes and tenants, where the wait that is known is within the patience; never throws. */
  ask(budget: string, traffic: TrafficClass, asking: Asking): Promise<PermitDecision>;
  /** The OPCO answered 429; with its `Retry-After` in seconds where it gave one. */
  throttled(budget: string, retryAfterSeconds?: number, tenant?: string): void;
  /** Any other end of a call: what the holder learns from. */
  answered(budget: string, answer: CallAnswer): void;
}
