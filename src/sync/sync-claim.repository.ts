import { readTenantHash, type Environment, type Tenant } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { WaitReason } from './judge-failure.js';

/** A synchronisation that this process carries out for a while. */
export interface ClaimedSync {
  readonly syncId: string;
  readonly tenant: Tenant;
  readonly opcoId: string;
  /** Grows with each claim: whoever writes under an older one writes nothing. */
  readonly fence: string;
}

/** When somebody shall go on, and why not at once. */
export interface Postponed {
  readonly seconds: number;
  readonly waiting: WaitReason | null;
  /** Whether nothing came of this turn: the next wait is longer. */
  readonly fruitless: boolean;
}

interface ClaimedRow {
  readonly id: string;
  readonly tenant_hash: string;
  readonly opco_id: string;
  readonly fence: string;
  readonly nom: string;
  readonly environment: Environment;
  readonly weight: number;
}

/**
 * Who carries out which synchronisation. It spans tenants, so it works as the system; time is PostgreSQL's.
 *
 *     due ──claim (fence + 1)──▶ claimed ──release──▶ due at `run_at`
 *      ▲                            │ the process vanished: `claimed_until` passes
 *      └────────────────────────────┘
 */
export class SyncClaimRepository {
  constructor(private readonly database: Pick<Database, 'asSystem'>) {}

  /** Takes synchronisations that are due, those that have waited longest first; others' claims in the making are passed over. */
  async claim(limit: number, leaseSeconds: number): Promise<ClaimedSync[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<ClaimedRow>(
        `WITH due AS MATERIALIZED (
           SELECT s.id, t.nom, t.environment, t.weight
           FROM sync_jobs s JOIN tenants t ON t.tenant_hash = s.tenant_hash AND t.suspended_at IS NULL
           WHERE s.status IN ('pending', 'running') AND s.run_at <= now()
             AND (s.claimed_until IS NULL OR s.claimed_until <= now())
           ORDER BY s.run_at LIMIT $1 FOR UPDATE OF s SKIP LOCKED
         )
         UPDATE sync_jobs s SET claimed_until = now() + make_interval(secs => $2), fence = s.fence + 1
         FROM due WHERE s.id = due.id
         RETURNING s.id, s.tenant_hash, s.opco_id, s.fence, due.nom, due.environment, due.weight`,
        [limit, leaseSeconds],
      ),
    );
    return rows.map(({ id, tenant_hash, opco_id, fence, ...tenant }) => ({
      syncId: id,
      tenant: { hash: readTenantHash(tenant_hash), ...tenant, keyId: 'sync' },
      opcoId: opco_id,
      fence,
    }));
  }

  /** Prolongs a claim; false when it has passed to somebody else, or its owner or its tenant's keeper has stopped it. */
  async renew({ syncId, fence }: ClaimedSync, leaseSeconds: number): Promise<boolean> {
    const rows = await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE sync_jobs s SET claimed_until = now() + make_interval(secs => $3) FROM tenants t
         WHERE s.id = $1 AND s.fence = $2 AND s.status IN ('pending', 'running')
           AND t.tenant_hash = s.tenant_hash AND t.suspended_at IS NULL RETURNING s.id`,
        [syncId, fence, leaseSeconds],
      ),
    );
    return rows.length > 0;
  }

  /** Gives a claim back, unless it has passed to somebody else. */
  async release({ syncId, fence }: ClaimedSync, { seconds, waiting, fruitless }: Postponed): Promise<void> {
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE sync_jobs SET claimed_until = NULL, run_at = now() + make_interval(secs => $3),
           waiting = CASE WHEN status = 'running' THEN $4 END, failures = CASE WHEN $5 THEN failures + 1 ELSE failures END,
           updated_at = now()
         WHERE id = $1 AND fence = $2`,
        [syncId, fence, seconds, waiting, fruitless],
      ),
    );
  }
}
