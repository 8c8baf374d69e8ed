import type { AuditAction } from '../audit/actions.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { SyncFailure, SyncReport } from '../core/contract/sync.js';
import { catalogue, type ErrorCode } from '../core/errors.js';
import type { Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { ClaimedSync } from './sync-claim.repository.js';
import { reasonOf, type StoredProgress } from './sync-rows.js';
import { holdClaim, tell, type TurnParts } from './sync-turn.repository.js';

/** Numbers that a report lists of each kind; it counts all of them. */
const mostListed = 200;

/** What it works with. */
export interface EndParts extends TurnParts {
  readonly audit: Pick<AuditTrail, 'write'>;
}

/** Ends a synchronisation: state, report, event and trace in one transaction. */
export class EndSync extends TenantScopedRepository {
  constructor(private readonly parts: EndParts) {
    super(parts.database);
  }

  /** Everything was read, or given up dossier by dossier. */
  async complete(claim: ClaimedSync): Promise<void> {
    await this.within(claim.tenant.hash, async (sql) => {
      const { progress, complete } = await holdClaim(sql, claim);
      const report = await reportOf(sql, claim, { progress, complete });
      await sql.query(
        `UPDATE sync_jobs SET status = 'completed', report = $2, waiting = NULL, claimed_until = NULL, completed_at = now(),
           updated_at = now() WHERE id = $1`,
        [claim.syncId, JSON.stringify(report)],
      );
      const { seen, new: added, changed, unchanged, missing, failed } = report;
      const data = {
        ...{ complete, seen, new: added, changed, unchanged, failed: failed.count },
        missing: missing?.count ?? null,
      };
      await tell(this.parts.events, sql, claim, { type: 'sync.completed', data });
      await this.#trace(sql, claim, { action: 'sync.completed', result: failed.count > 0 ? 'partial' : 'ok' });
    });
    this.parts.signal.announce();
  }

  /** A person has to do something first; what was read stays read. */
  async fail(claim: ClaimedSync, code: ErrorCode): Promise<void> {
    await this.within(claim.tenant.hash, async (sql) => {
      const { progress, phase } = await holdClaim(sql, claim);
      await sql.query(
        `UPDATE sync_jobs SET status = 'failed', error_code = $2, waiting = NULL, claimed_until = NULL, completed_at = now(),
           updated_at = now() WHERE id = $1`,
        [claim.syncId, code],
      );
      const { done, seen } = progress;
      const data = { code, reason: reasonOf(code, claim.opcoId), done, total: phase === 'details' ? seen : null };
      await tell(this.parts.events, sql, claim, { type: 'sync.failed', data });
      await this.#trace(sql, claim, { action: 'sync.failed', result: code });
    });
    this.parts.signal.announce();
  }

  #trace(
    sql: Sql,
    { tenant, syncId, opcoId }: ClaimedSync,
    entry: { readonly action: AuditAction; readonly result: string },
  ): Promise<void> {
    const object = `sync:${syncId}`;
    return this.parts.audit.write(sql, {
      ...{ tenant: tenant.hash, actor: 'system:sync', object, details: { opcoId } },
      ...entry,
    });
  }
}

async function reportOf(
  sql: Sql,
  claim: ClaimedSync,
  { progress, complete }: { readonly progress: StoredProgress; readonly complete: boolean },
): Promise<SyncReport> {
  const { seen, new: added, changed, unchanged, failed } = progress;
  return {
    ...{ complete, seen, new: added, changed, unchanged },
    missing: complete ? await missingOf(sql, claim) : null,
    failed: { count: failed, dossiers: await failuresOf(sql, claim) },
  };
}

/** Known since before this synchronisation began, and not on its list. What others found meanwhile is not missing. */
async function missingOf(sql: Sql, { syncId, tenant, opcoId }: ClaimedSync): Promise<SyncReport['missing']> {
  const rows = await sql.query<{ numero_interne: string; n: number }>(
    `SELECT w.numero_interne, count(*) OVER ()::int AS n FROM watched_dossiers w
     WHERE w.tenant_hash = $2 AND w.opco_id = $3 AND w.deleted_at IS NULL
       AND w.first_seen_at < (SELECT started_at FROM sync_jobs WHERE id = $1)
       AND NOT EXISTS (SELECT 1 FROM sync_dossiers d
         WHERE d.sync_id = $1 AND d.tenant_hash = $2 AND d.numero_interne = w.numero_interne COLLATE "C")
     ORDER BY w.numero_interne LIMIT $4`,
    [syncId, tenant.hash, opcoId, mostListed],
  );
  return { count: rows[0]?.n ?? 0, numerosInternes: rows.map((row) => row.numero_interne) };
}

async function failuresOf(sql: Sql, { syncId, tenant }: ClaimedSync): Promise<SyncFailure[]> {
  const rows = await sql.query<{ numero_interne: string; reason: ErrorCode; attempts: number }>(
    `SELECT numero_interne, reason, attempts FROM sync_dossiers
     WHERE sync_id = $1 AND tenant_hash = $2 AND outcome = 'failed' ORDER BY numero_interne LIMIT $3`,
    [syncId, tenant.hash, mostListed],
  );
  return rows.map(({ numero_interne, reason, attempts }) => ({
    ...{ numeroInterne: numero_interne, code: reason, attempts },
    reason: catalogue[reason].title,
  }));
}
