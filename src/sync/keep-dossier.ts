import type { Dossier } from '../core/contract/dossier.js';
import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { asDeposited } from '../poller/as-deposited.js';
import { changeEvent } from '../poller/change-event.js';
import type { DossierName, SnapshotRepository } from '../poller/snapshot.repository.js';

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
  ) {}

  async keep(sql: Sql, tenant: TenantHash, name: DossierName, dossier: Dossier): Promise<Sighting> {
    const kept = await this.snapshots.keepWithin(sql, tenant, { name, dossier }, async (before) => {
      const known = before ?? (await asDeposited(sql, tenant, { name, dossier }));
      if (known) await this.events.append(sql, tenant, changeEvent(name, known, dossier));
    });
    if (kept === 'unchanged') return 'unchanged';
    return kept.before ? 'changed' : 'new';
  }
}
