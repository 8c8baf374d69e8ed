import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import type { Sight, SnapshotRepository } from '../poller/snapshot.repository.js';
import { tellAllKept } from '../poller/tell-kept.js';

/** What a dossier that was read is to what was known of it. */
export type Sighting = 'new' | 'changed' | 'unchanged';

/**
 * Puts what was read into the one history of dossiers, by the rules of the poller: versions and events in the caller's
 * transaction, and whoever of the two sees a change first tells of it.
 */
export class KeepDossiers {
  constructor(
    private readonly snapshots: Pick<SnapshotRepository, 'keepAllWithin'>,
    private readonly events: Pick<EventLog, 'appendAll'>,
    /** Civil date in Paris. */
    private readonly today: () => string,
  ) {}

  /** What became of each, in their order, which is that of their numbers (see `keepAllWithin`). */
  async keepAll(sql: Sql, tenant: TenantHash, sights: readonly Sight[]): Promise<Sighting[]> {
    // What a synchronisation finds for the first time is what it was asked for, and no news.
    const terms = { tenant, tellDiscovered: false, today: this.today() };
    const kept = await this.snapshots.keepAllWithin(sql, tenant, sights, async (versions) => {
      await tellAllKept(sql, this.events, terms, versions);
    });
    return kept.map((each) => (each === 'unchanged' ? each : each.before ? 'changed' : 'new'));
  }
}
