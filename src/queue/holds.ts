import type { Clock } from '../core/clock.js';
import type { Environment, TenantHash } from '../core/tenant.js';

/** An OPCO that refused a deposit for now; each environment has a host and a quota of its own. */
export interface Hold {
  readonly environment: Environment;
  readonly tenant: TenantHash;
  /** The OPCO refused this CFA, and said nothing of the others: it may count by the key of each. */
  readonly ofOne: boolean;
  readonly seconds: number;
}

/** However long a wait was asked for: within the hour one delivery finds out whether it still holds. */
const longestSeconds = 3600;

/**
 * Who need not be tried at one OPCO for a while. A quota that refuses one CFA holds up that one alone; once a second one is
 * refused while the first still waits, the quota is everybody's, and everybody waits until the first of them may try again.
 */
export class Holds {
  readonly #environments = new Map<Environment, number>();
  readonly #tenants = new Map<TenantHash, { readonly environment: Environment; readonly until: number }>();

  constructor(private readonly clock: Pick<Clock, 'elapsed'>) {}

  add({ environment, tenant, ofOne, seconds }: Hold): void {
    const now = this.clock.elapsed();
    const until = now + Math.min(seconds, longestSeconds) * 1000;
    if (!ofOne) return void this.#environments.set(environment, until);
    this.#forgetOver(now);
    this.#tenants.set(tenant, { environment, until });
    const refused = [...this.#tenants.values()].filter((each) => each.environment === environment);
    if (refused.length > 1) this.#environments.set(environment, Math.min(...refused.map((each) => each.until)));
  }

  /** Whether all of an environment is held. */
  holds(environment: Environment): boolean {
    return (this.#environments.get(environment) ?? 0) > this.clock.elapsed();
  }

  /** The CFA that are held, each on its own. */
  get tenants(): TenantHash[] {
    this.#forgetOver(this.clock.elapsed());
    return [...this.#tenants.keys()];
  }

  #forgetOver(now: number): void {
    for (const [tenant, { until }] of this.#tenants) if (until <= now) this.#tenants.delete(tenant);
  }
}
