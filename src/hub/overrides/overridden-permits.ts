import type { Permit, TrafficClass } from '../../core/exchange.js';
import type { CallAnswer, PermitDecision, Permits } from '../../core/permits.js';
import type { BudgetHolder } from '../budget-holder.js';
import type { OverridesInForce } from './overrides-in-force.js';

/** What stands behind the permits, and who counts what shadow mode lets through. */
export interface OverriddenParts {
  readonly permits: Permits;
  readonly holder: Pick<BudgetHolder, 'look'>;
  readonly overrides: Pick<OverridesInForce, 'of'>;
  /** A call was let through that the budget would have held back. */
  readonly shadowed: (budget: string, traffic: TrafficClass) => void;
}

/** Of a call that took nothing out of the budget nothing is given back. */
const overBudget: Permit = { release: () => undefined };

/** Permits under what staff has said. In shadow mode nobody is held back but by the OPCO itself: a pause that it asked for is kept. */
export class OverriddenPermits implements Permits {
  constructor(private readonly parts: OverriddenParts) {}

  take(budget: string, traffic: TrafficClass, tenant?: string): PermitDecision {
    const { permits, overrides, shadowed } = this.parts;
    // Before the permit: what has just ended must not decide.
    const shadow = overrides.of(budget)?.mode === 'shadow';
    const decision = permits.take(budget, traffic, tenant);
    if (decision.granted || !shadow || this.#paused(budget, tenant)) return decision;
    shadowed(budget, traffic);
    return { granted: true, permit: overBudget };
  }

  throttled(budget: string, retryAfterSeconds?: number, tenant?: string): void {
    this.parts.permits.throttled(budget, retryAfterSeconds, tenant);
  }

  answered(budget: string, answer: CallAnswer): void {
    this.parts.permits.answered(budget, answer);
  }

  #paused(budget: string, tenant: string | undefined): boolean {
    const { pausedSeconds, throttled } = this.parts.holder.look(budget);
    return pausedSeconds > 0 || throttled.some((own) => own.tenant === tenant && own.pausedSeconds > 0);
  }
}
