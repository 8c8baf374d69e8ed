import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../platform/database/database.js';

/** Rows removed, by kind. */
export interface PurgedSyncs {
  readonly syncs: number;
  readonly sync_dossiers: number;
}

/**
 * Removes what synchronisations no longer need, across tenants: the list of dossiers of one that cannot go on any more, at once;
 * the rest, report included, after its time. A step is one batch in one transaction, and passes over rows that somebody holds.
 */
export class SyncRetentionRepository {
  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    private readonly audit: Pick<AuditTrail, 'write'>,
    private readonly keepDays: number,
    private readonly batch: number = 20,
  ) {}

  /** One batch of each kind. */
  async purge(): Promise<PurgedSyncs> {
    return { sync_dossiers: await this.#lists(), syncs: await this.#syncs() };
  }

  #lists(): Promise<number> {
    return this.database.asSystem(async (sql) => {
      const rows = await sql.query(
        `DELETE FROM sync_dossiers WHERE sync_id IN (
           SELECT s.id FROM sync_jobs s WHERE s.status IN ('completed', 'cancelled')
             AND EXISTS (SELECT 1 FROM sync_dossiers d WHERE d.sync_id = s.id) LIMIT $1) RETURNING 1`,
        [this.batch],
      );
      return rows.length;
    });
  }

  #syncs(): Promise<number> {
    return this.database.asSystem(async (sql) => {
      const old = await sql.query<{ id: string }>(
        `DELETE FROM sync_jobs WHERE id IN (
           SELECT id FROM sync_jobs WHERE completed_at < now() - $1::float8 * interval '1 day'
           ORDER BY completed_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id`,
        [this.keepDays, this.batch],
      );
      if (old.length === 0) return 0;
      await sql.query('DELETE FROM sync_dossiers WHERE sync_id = ANY ($1)', [old.map(({ id }) => id)]);
      await this.audit.write(sql, {
        ...{ tenant: null, actor: 'system:purge', action: 'syncs.purged', object: 'syncs', result: 'ok' },
        details: { syncs: old.length },
      });
      return old.length;
    });
  }
}
