import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { PollingOrder, PollingView } from '../core/contract/polling.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';

interface Row {
  readonly paused_reason: string | null;
  readonly stopped: boolean;
  readonly last_success_at: Date | null;
  readonly next_poll_at: Date;
  readonly failures: number;
  readonly dossiers: number;
  readonly deleted: number;
  readonly braked_missing: number | null;
  readonly braked_at: Date | null;
  readonly tell_discovered: boolean;
}

/** What a CFA sees of the watch at an OPCO, and what it may want of it. */
export class PollingRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly audit: Pick<AuditTrail, 'write'>,
  ) {
    super(database);
  }

  /** NOT_FOUND where nothing is watched: no key of the CFA is stored. */
  view(tenant: TenantHash, opcoId: string): Promise<PollingView> {
    return this.within(tenant, (sql) => viewIn(sql, tenant, opcoId));
  }

  /** Pauses, resumes or changes; a poll under way comes to its end. Resuming makes the next one due within the usual interval. */
  change(tenant: TenantHash, opcoId: string, order: PollingOrder & Author): Promise<PollingView> {
    const { status, discovered, acceptDeletions, ...author } = order;
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<{ was: boolean }>(
        `UPDATE poll_targets p SET
           stopped_at = CASE $3 WHEN 'paused' THEN coalesce(p.stopped_at, now()) WHEN 'active' THEN NULL ELSE p.stopped_at END,
           next_poll_at = CASE WHEN $3 = 'active' AND p.stopped_at IS NOT NULL THEN now() ELSE p.next_poll_at END,
           paused_reason = CASE WHEN $3 = 'active' AND p.stopped_at IS NOT NULL THEN NULL ELSE p.paused_reason END,
           tell_discovered = coalesce($4, p.tell_discovered),
           brake_lifted_until = CASE $5::boolean WHEN true THEN now() + interval '1 day' WHEN false THEN NULL ELSE p.brake_lifted_until END
         FROM (SELECT stopped_at IS NOT NULL AS was FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2 FOR UPDATE) before
         WHERE p.tenant_hash = $1 AND p.opco_id = $2 RETURNING before.was`,
        [tenant, opcoId, status ?? null, discovered ?? null, acceptDeletions ?? null],
      );
      if (rows.length === 0) throw nothingWatched();
      const action =
        status === undefined ? 'polling.changed' : status === 'paused' ? 'polling.paused' : 'polling.resumed';
      const details = {
        ...(discovered !== undefined && { discovered }),
        ...(acceptDeletions !== undefined && { acceptDeletions }),
      };
      await this.audit.write(sql, { ...author, tenant, action, object: `polling:${opcoId}`, result: 'ok', details });
      return viewIn(sql, tenant, opcoId);
    });
  }
}

async function viewIn(sql: Sql, tenant: TenantHash, opcoId: string): Promise<PollingView> {
  const [row] = await sql.query<Row>(
    `SELECT paused_reason, stopped_at IS NOT NULL AS stopped, last_success_at, next_poll_at, failures, braked_missing, braked_at,
       tell_discovered, w.dossiers, w.deleted
     FROM poll_targets CROSS JOIN (
       SELECT count(*) FILTER (WHERE deleted_at IS NULL)::int AS dossiers, count(deleted_at)::int AS deleted
       FROM watched_dossiers WHERE tenant_hash = $1 AND opco_id = $2) w
     WHERE tenant_hash = $1 AND opco_id = $2`,
    [tenant, opcoId],
  );
  if (!row) throw nothingWatched();
  return {
    opcoId: opcoId as PollingView['opcoId'],
    status: row.stopped ? 'paused' : row.paused_reason === null ? 'active' : 'waiting',
    reason: row.paused_reason,
    lastSuccessAt: row.last_success_at?.toISOString() ?? null,
    nextPollAt: row.stopped ? null : row.next_poll_at.toISOString(),
    failures: row.failures,
    dossiers: row.dossiers,
    deleted: row.deleted,
    heldDeletions: row.braked_missing ?? 0,
    heldSince: row.braked_at?.toISOString() ?? null,
    discovered: row.tell_discovered,
  };
}

function nothingWatched() {
  return fail('NOT_FOUND', { detail: "Rien n'est suivi chez cet OPCO : aucune clé n'y est enregistrée." });
}
