import type { LookUp } from '../core/endpoint.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';

/** A list of one OPCO, as one tenant sees it. */
export interface NumberList {
  readonly opcoId: string;
  readonly list: LookUp['lists'];
}

/** What is known of a number that a look-up meets. */
export interface KnownNumber {
  /** The OPCO had it before the intent of the job that asks. */
  readonly beforeIntent: boolean;
  /** It is the effect of another job of ours. */
  readonly ofAnotherJob: boolean;
}

/** How long the numbers of a list count as known without another look; what our own deposits add is told at once. */
const baselineHours = 24;

/**
 * The numbers that an OPCO was seen to have, and since when we know: what a look-up finds beside them is new. Numbers are names
 * of objects at the OPCO, as they stand in events; nothing of a person is in them.
 */
export class KnownNumbersRepository extends TenantScopedRepository {
  /** Whether every number that a list had not long ago is known: from a look of ours, or from a complete poll. */
  hasBaseline(tenant: TenantHash, { opcoId, list }: NumberList): Promise<boolean> {
    return this.within(tenant, async (sql) => {
      const rows = await sql.query(
        `SELECT 1 FROM number_baselines
         WHERE tenant_hash = $1 AND opco_id = $2 AND list = $3 AND taken_at > now() - make_interval(hours => $4)
         UNION ALL
         SELECT 1 FROM poll_targets
         WHERE tenant_hash = $1 AND opco_id = $2 AND $3 = 'etats' AND all_known_at > now() - make_interval(hours => $4)
         LIMIT 1`,
        [tenant, opcoId, list, baselineHours],
      );
      return rows.length > 0;
    });
  }

  /** Remembers all numbers of a list that was read to its end. */
  keepBaseline(tenant: TenantHash, { opcoId, list }: NumberList, numbers: readonly string[]): Promise<void> {
    return this.within(tenant, async (sql) => {
      await sql.query(
        `INSERT INTO known_numbers (tenant_hash, opco_id, list, number)
         SELECT $1, $2, $3, n FROM unnest($4::text[]) AS n ORDER BY n ON CONFLICT DO NOTHING`,
        [tenant, opcoId, list, numbers],
      );
      await sql.query(
        `INSERT INTO number_baselines (tenant_hash, opco_id, list) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_hash, opco_id, list) DO UPDATE SET taken_at = now()`,
        [tenant, opcoId, list],
      );
    });
  }

  /** Those of these numbers that are known, for one job: all by PostgreSQL's clock. */
  of(
    tenant: TenantHash,
    { opcoId, list }: NumberList,
    { jobId, numbers }: { readonly jobId: string; readonly numbers: readonly string[] },
  ): Promise<Map<string, KnownNumber>> {
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<{ number: string; before: boolean; other: boolean }>(
        `SELECT k.number, bool_or(k.seen_at < j.intended_at) AS before, bool_or(k.job_id IS NOT NULL AND k.job_id <> j.id) AS other
         FROM jobs j CROSS JOIN (
           SELECT number, seen_at, job_id FROM known_numbers
           WHERE tenant_hash = $1 AND opco_id = $2 AND list = $3 AND number = ANY($5)
           UNION ALL
           SELECT numero_interne, first_seen_at, NULL::uuid FROM watched_dossiers
           WHERE $3 = 'etats' AND tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY($5)) k
         WHERE j.id = $4 GROUP BY k.number`,
        [tenant, opcoId, list, jobId, numbers],
      );
      return new Map(rows.map((row) => [row.number, { beforeIntent: row.before, ofAnotherJob: row.other }]));
    });
  }

  /** How many numbers the list was seen to have before the intent of a job, and should therefore show. */
  count(tenant: TenantHash, { opcoId, list }: NumberList, jobId: string): Promise<number> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<{ known: number }>(
        `SELECT count(*)::int AS known FROM (
           SELECT k.number FROM known_numbers k JOIN jobs j ON j.id = $4 AND k.seen_at < j.intended_at
           WHERE k.tenant_hash = $1 AND k.opco_id = $2 AND k.list = $3
             AND NOT EXISTS (
               SELECT 1 FROM watched_dossiers gone
               WHERE $3 = 'etats' AND gone.tenant_hash = k.tenant_hash AND gone.opco_id = k.opco_id
                 AND gone.numero_interne = k.number AND gone.deleted_at IS NOT NULL)
           UNION
           SELECT w.numero_interne FROM watched_dossiers w JOIN jobs j ON j.id = $4 AND w.first_seen_at < j.intended_at
           WHERE $3 = 'etats' AND w.tenant_hash = $1 AND w.opco_id = $2 AND w.deleted_at IS NULL) seen`,
        [tenant, opcoId, list, jobId],
      );
      return row?.known ?? 0;
    });
  }

  /** Remembers, in the transaction of its completion, which number a job brought about. */
  async credit(
    sql: Sql,
    tenant: TenantHash,
    effect: NumberList & { readonly number: string; readonly jobId: string },
  ): Promise<void> {
    await sql.query(
      `INSERT INTO known_numbers (tenant_hash, opco_id, list, number, job_id) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant_hash, opco_id, list, number) DO UPDATE SET job_id = coalesce(known_numbers.job_id, EXCLUDED.job_id)`,
      [tenant, effect.opcoId, effect.list, effect.number, effect.jobId],
    );
  }
}
