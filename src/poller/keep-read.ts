import type { Dossier } from '../core/contract/dossier.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { TenantHash } from '../core/tenant.js';
import { keepAndTell, type KeepAndTellParts } from './keep-and-tell.js';
import type { Clock } from './pace.js';
import type { DossierName } from './snapshot.repository.js';
import type { Observed } from './observed.js';
import type { WatchRepository } from './watch.repository.js';

/** What it works with. */
export interface KeepParts extends KeepAndTellParts {
  readonly database: Database;
  readonly watch: WatchRepository;
}

/** A detail that the poller has read. */
export interface PolledDetail {
  readonly name: DossierName;
  readonly dossier: Dossier;
  /** How long ago it was asked for; asked in the transaction, so that it is rather too long. */
  readonly ageSeconds: () => number;
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
    { name, dossier, ageSeconds, fence, ...read }: PolledDetail,
  ): Promise<{ readonly changed: boolean; readonly told: boolean }> {
    const { rowHash, tellDiscovered, today, clockOf } = read;
    return this.within(tenant, async (sql) => {
      const terms = { tenant, tellDiscovered, today };
      const { sightings, told } = await keepAndTell(sql, this.parts, terms, [
        { name, dossier, ageSeconds: ageSeconds() },
      ]);
      const changed = sightings[0] === 'changed';
      const read = { numeroInterne: name.numeroInterne, rowHash };
      // It is this very poll that makes dossiers due, before it reads them.
      const at = { tenant, opcoId: name.opcoId, ageSeconds: 0 };
      await this.parts.watch.noteReads(sql, at, [read], (_, seen) => clockOf(seen, changed));
      await fence(sql);
      return { changed, told: told > 0 };
    });
  }
}
