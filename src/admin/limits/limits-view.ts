import type { LimitView, OverrideView } from '../../core/contract/limits.js';
import { opcoIds } from '../../core/endpoint.js';
import { budgetKey } from '../../core/keys.js';
import { type Environment, readTenantHash, shortTenant } from '../../core/tenant.js';
import type { BudgetHolder } from '../../hub/budget-holder.js';
import type { BudgetOverride } from '../../hub/overrides/override.js';
import type { OverridesInForce } from '../../hub/overrides/overrides-in-force.js';

/** Where an OPCO is called: each has its budgets apart. */
export const environments = ['test', 'live'] as const satisfies readonly Environment[];

/** What a look at the limits is made of. */
export interface LimitSources {
  readonly holder: Pick<BudgetHolder, 'look'>;
  readonly overrides: Pick<OverridesInForce, 'of'>;
}

/** Every budget as this process sees it now; asks no database. */
export function lookAtLimits(sources: LimitSources): LimitView[] {
  return opcoIds.flatMap((opcoId) => environments.map((environment) => lookAtLimit(sources, opcoId, environment)));
}

function lookAtLimit(
  { holder, overrides }: LimitSources,
  opcoId: LimitView['opcoId'],
  environment: Environment,
): LimitView {
  const budget = budgetKey(opcoId, environment);
  const override = overrides.of(budget);
  const { rate, burst, ceiling, declared, pausedSeconds, throttled } = holder.look(budget);
  return {
    ...{ opcoId, environment, rate, burst, ceiling, pausedSeconds },
    declared: { rate: declared.rate, burst: declared.burst, ceiling: declared.ceiling ?? declared.rate },
    shadow: override?.mode === 'shadow',
    override: override ? viewOf(override) : null,
    throttledTenants: throttled.map(({ tenant, ...own }) => ({ tenant: shortTenant(readTenantHash(tenant)), ...own })),
  };
}

/** An override as staff reads it. */
export function viewOf({ rate, burst, mode, reason, setBy, setAt, expiresAt }: BudgetOverride): OverrideView {
  return { rate, burst, mode, reason, setBy, setAt: setAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
