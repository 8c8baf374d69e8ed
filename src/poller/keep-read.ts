import type { Dossier } from '../core/contract/dossier.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { TenantHash } from '../core/tenant.js';
import type { Clock } from './pace.js';
import type { DossierName, SnapshotRepository } from './snapshot.repository.js';
import { tellKept } from './tell-kept.js';
import type { Observed } from './observed.js';
import type { WatchRepository } from './watch.repository.js';

/** What it works with. */
export interface KeepParts {
  readonly database: Database;
  readonly snapshots: SnapshotRepository;
  readonly watch: WatchRepository;
  readonly events: EventLog;
}

/** A detail that the poller has read. */
export interface PolledDetail {
  readonly name: DossierName;
  readonly dossier: Dossier;
  /** Of the row of the list that pointed at it, if one did. */
  readonly rowHash: Buffer | undefined;
  readonly tellDiscovered: boolean;
  /** Civil date in Paris. */
  readonly today: string;
  readonly clockOf: (observed: Observed, changed: boolean) => Clock;
  /** Throws unless the poll is still ours, in the transaction of what is written. */
  readonly fence: (sql: Sql) => Promise<void>;
}

/**
 * Keeps a detail that was read: the version, what is told of it and the clock of its dossier are one transaction, which the fence
 * ends. A process that has lost its claim leaves no trace of what it read, not even that it read.
 */
export class KeepRead extends TenantScopedRepository {
  constructor(private readonly parts: KeepParts) {
    super(parts.database);
  }

  /** `changed`: it was known, and is another now; `told`: there are events to announce. */
  keep(
    tenant: TenantHash,
    { name, dossier, fence, ...read }: PolledDetail,
  ): Promise<{ readonly changed: boolean; readonly told: boolean }> {
    const { snapshots, watch, events } = this.parts;
    const { rowHash, tellDiscovered, today, clockOf } = read;
    const sight = { name, dossier };
    return this.within(tenant, async (sql) => {
      let kept = { changed: false, told: false };
      await snapshots.keepWithin(sql, tenant, sight, async (before) => {
        kept = await tellKept(sql, events, { tenant, sight, before, tellDiscovered, today });
      });
      const read = { numeroInterne: name.numeroInterne, rowHash };
      // It is this very poll that makes dossiers due, before it reads them.
      const at = { tenant, opcoId: name.opcoId, ageSeconds: 0 };
      await watch.noteReads(sql, at, [read], (_, seen) => clockOf(seen, kept.changed));
      await fence(sql);
      return kept;
    });
  }
}
