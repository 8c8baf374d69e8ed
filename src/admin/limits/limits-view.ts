import type { LimitsView, LimitView, OverrideView } from '../../core/contract/limits.js';
import { opcoIds } from '../../core/endpoint.js';
import { budgetKey } from '../../core/keys.js';
import { type Environment, readTenantHash, shortTenant } from '../../core/tenant.js';
import type { BudgetSize, BudgetSizes } from '../../hub/central/sizes.js';
import type { InstancePermits } from '../../hub/instance/instance-permits.js';
import type { BudgetOverride } from '../../hub/overrides/override.js';
import type { OverridesInForce } from '../../hub/overrides/overrides-in-force.js';

/** Where an OPCO is called: each has its budgets apart. */
export const environments = ['test', 'live'] as const satisfies readonly Environment[];

/** What a look at the limits is made of. */
export interface LimitSources {
  readonly permits: Pick<InstancePermits, 'look' | 'state'>;
  readonly sizes: Pick<BudgetSizes, 'of'>;
  readonly overrides: Pick<OverridesInForce, 'of'>;
}

/** Every budget as this process sees it now; asks no database. */
export function lookAtLimits(sources: LimitSources): LimitsView {
  const { mode, connected, epoch, sinceMs, aloneShare } = sources.permits.state();
  return {
    instance: { mode, connected, epoch, sinceSeconds: toMillis(sinceMs / 1000), aloneShare },
    data: opcoIds.flatMap((opcoId) => environments.map((environment) => lookAtLimit(sources, opcoId, environment))),
  };
}

function lookAtLimit(
  { permits, sizes, overrides }: LimitSources,
  opcoId: LimitView['opcoId'],
  environment: Environment,
): LimitView {
  const budget = budgetKey(opcoId, environment);
  const override = overrides.of(budget);
  const { rate, burst, pausedSeconds, ofOne } = permits.look(budget);
  const declared = declaredSize(sizes.of(budget));
  return {
    ...{ opcoId, environment, rate, burst, declared },
    pausedSeconds: toMillis(pausedSeconds),
    ceiling: Math.min(declared.ceiling, override?.rate ?? Infinity),
    shadow: override?.mode === 'shadow',
    override: override ? viewOf(override) : null,
    throttledTenants: ofOne.map(({ tenant, waitSeconds }) => ({
      tenant: shortTenant(readTenantHash(tenant)),
      waitSeconds: toMillis(waitSeconds),
    })),
  };
}

/** Seconds to the millisecond: what the clock gives beyond is noise. */
const toMillis = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** A size with its ceiling, which is the rate where none is given. */
export function declaredSize({ rate, burst, ceiling = rate }: BudgetSize): Required<BudgetSize> {
  return { rate, burst, ceiling };
}

/** An override as staff reads it. */
export function viewOf({ rate, burst, mode, reason, setBy, setAt, expiresAt }: BudgetOverride): OverrideView {
  return { rate, burst, mode, reason, setBy, setAt: setAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
