import type { Dossier } from '../core/contract/dossier.js';
import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import type { DossierName, SnapshotRepository } from '../poller/snapshot.repository.js';
import { tellKept } from '../poller/tell-kept.js';

/** What a dossier that was read is to what was known of it. */
export type Sighting = 'new' | 'changed' | 'unchanged';

/**
 * Puts what was read into the one history of dossiers, by the rules of the poller: version and event in the caller's
 * transaction, and whoever of the two sees a change first tells of it.
 */
export class KeepDossier {
  constructor(
    private readonly snapshots: Pick<SnapshotRepository, 'keepWithin'>,
    private readonly events: Pick<EventLog, 'append'>,
    /** Civil date in Paris. */
    private readonly today: () => string,
  ) {}

  async keep(sql: Sql, tenant: TenantHash, name: DossierName, dossier: Dossier): Promise<Sighting> {
    const sight = { name, dossier };
    const kept = await this.snapshots.keepWithin(sql, tenant, sight, async (before) => {
      // What a synchronisation finds for the first time is what it was asked for, and no news.
      await tellKept(sql, this.events, { tenant, sight, before, tellDiscovered: false, today: this.today() });
    });
    if (kept === 'unchanged') return 'unchanged';
    return kept.before ? 'changed' : 'new';
  }
}
