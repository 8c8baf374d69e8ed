import type { Permit, TrafficClass } from '../../core/exchange.js';
import type { Asking, CallAnswer, PermitDecision, Permits } from '../../core/permits.js';
import type { BudgetSight } from '../instance/budget-sight.js';
import type { OverridesInForce } from './overrides-in-force.js';

/** What stands behind the permits, and who counts what shadow mode lets through. */
export interface OverriddenParts {
  readonly permits: Permits & { look(budget: string): BudgetSight };
  readonly overrides: Pick<OverridesInForce, 'of'>;
  /** A call was let through that the budget would have held back. */
  readonly shadowed: (budget: string, traffic: TrafficClass) => void;
}

/** Of a call that took nothing out of the budget nothing is given back. */
const overBudget: Permit = { release: () => undefined };

/**
 * Permits under what staff has said. In shadow mode nobody is held back but by the OPCO itself: a pause that it asked for is kept, and
 * so is what it bears of a tenant that it refuses alone.
 */
export class OverriddenPermits implements Permits {
  constructor(private readonly parts: OverriddenParts) {}

  take(budget: string, traffic: TrafficClass, tenant?: string): PermitDecision {
    const { permits } = this.parts;
    // Before the permit: what has just ended must not decide.
    const shadow = this.#shadow(budget);
    const decision = permits.take(budget, traffic, tenant);
    return shadow && !decision.granted ? (this.#letThrough(budget, traffic, tenant) ?? decision) : decision;
  }

  ask(budget: string, traffic: TrafficClass, asking: Asking): Promise<PermitDecision> {
    const { permits } = this.parts;
    if (!this.#shadow(budget)) return permits.ask(budget, traffic, asking);
    const decision = this.take(budget, traffic, asking.tenant);
    return decision.granted ? Promise.resolve(decision) : permits.ask(budget, traffic, asking);
  }

  throttled(budget: string, retryAfterSeconds?: number, tenant?: string): void {
    this.parts.permits.throttled(budget, retryAfterSeconds, tenant);
  }

  answered(budget: string, answer: CallAnswer): void {
    this.parts.permits.answered(budget, answer);
  }

  #shadow(budget: string): boolean {
    return this.parts.overrides.of(budget)?.mode === 'shadow';
  }

  #letThrough(budget: string, traffic: TrafficClass, tenant: string | undefined): PermitDecision | undefined {
    const { pausedSeconds, ofOne } = this.parts.permits.look(budget);
    if (pausedSeconds > 0 || ofOne.some((own) => own.tenant === tenant)) return undefined;
    this.parts.shadowed(budget, traffic);
    return { granted: true, permit: overBudget };
  }
}
