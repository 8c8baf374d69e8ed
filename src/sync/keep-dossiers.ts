import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { keepAndTell, type KeepAndTellParts, type Sighting } from '../poller/keep-and-tell.js';
import type { Sight } from '../poller/snapshot.repository.js';

/** Puts what a synchronisation has read into the one history of dossiers, by the rules of the poller. */
export class KeepDossiers {
  constructor(
    private readonly snapshots: KeepAndTellParts['snapshots'],
    private readonly events: KeepAndTellParts['events'],
    /** Civil date in Paris. */
    private readonly today: () => string,
  ) {}

  /** What became of each, in their order, which is that of their numbers (see `keepAllWithin`). */
  async keepAll(sql: Sql, tenant: TenantHash, sights: readonly Sight[]): Promise<Sighting[]> {
    const { snapshots, events } = this;
    // What a synchronisation finds for the first time is what it was asked for, and no news.
    const terms = { tenant, tellDiscovered: false, today: this.today() };
    return (await keepAndTell(sql, { snapshots, events }, terms, sights)).sightings;
  }
}
