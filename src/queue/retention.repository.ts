import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Sql } from '../platform/database/database.js';

/** How long what is kept; days, fractions of one as well. */
export interface RetentionRules {
  /** Payload, files, error and warnings, after the end by state. */
  readonly completedDays: number;
  readonly failedDays: number;
  readonly cancelledDays: number;
  /** Of a job that nobody has resolved, since it has needed a review. */
  readonly reviewDays: number;
  readonly resultDays: number;
  /** A claim on an idempotency key, after the end of its job; never before. */
  readonly claimDays: number;
  /** A tombstone, after the end of its job. */
  readonly jobDays: number;
}

/** Rows removed, or emptied, by kind. */
export interface Purged {
  readonly payloads: number;
  readonly files: number;
  readonly results: number;
  readonly keys: number;
  readonly claims: number;
  readonly jobs: number;
}

type Step = (sql: Sql) => Promise<Partial<Purged>>;

const nothing: Purged = { payloads: 0, files: 0, results: 0, keys: 0, claims: 0, jobs: 0 };

/**
 * Removes what has been kept long enough, across tenants: ids and states only. A step is one batch in one transaction, and passes
 * over rows that somebody else holds: several instances may purge at once, and one that dies halfway has done whole batches only.
 *
 *     ended ──▶ content gone (`purged_at`) ──▶ result gone ──▶ data key gone: what a backup still holds of them cannot be read
 *       └──▶ claim gone ──▶ tombstone gone
 */
export class RetentionRepository {
  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    private readonly audit: Pick<AuditTrail, 'write'>,
    private readonly rules: RetentionRules,
    private readonly batch: number = 200,
  ) {}

  /** One batch of each kind. */
  async purge(): Promise<Purged> {
    const steps: readonly Step[] = [
      (sql) => this.#contents(sql),
      (sql) => this.#results(sql),
      (sql) => this.#claims(sql),
      (sql) => this.#tombstones(sql),
    ];
    let all = nothing;
    for (const step of steps) all = sum(all, await this.#traced(step));
    return all;
  }

  /** Nothing goes without its trace: one row a batch, with counts alone. */
  #traced(step: Step): Promise<Purged> {
    return this.database.asSystem(async (sql) => {
      const purged = { ...nothing, ...(await step(sql)) };
      const details = Object.fromEntries(Object.entries(purged).filter(([, count]) => count > 0));
      if (Object.keys(details).length > 0) {
        await this.audit.write(sql, {
          ...{ tenant: null, actor: 'system:purge', action: 'jobs.purged', object: 'jobs', result: 'ok', details },
        });
      }
      return purged;
    });
  }

  /** A job that is brought back at this moment holds its row: it is passed over. */
  async #contents(sql: Sql): Promise<Partial<Purged>> {
    const { completedDays, failedDays, cancelledDays, reviewDays } = this.rules;
    const kept = { completed: completedDays, failed: failedDays, cancelled: cancelledDays, needs_review: reviewDays };
    const jobs = await sql.query<{ id: string; data_key_id: string }>(
      `UPDATE jobs SET payload = NULL, error = NULL, warnings = NULL, purged_at = now() WHERE id IN (
         SELECT old.id FROM unnest($1::text[], $2::float8[]) AS kept(status, days) CROSS JOIN LATERAL (
           SELECT j.id FROM jobs j
           WHERE j.status = kept.status AND j.status IN ('completed', 'failed', 'cancelled', 'needs_review')
             AND j.purged_at IS NULL AND coalesce(j.completed_at, j.updated_at) < now() - kept.days * interval '1 day'
           ORDER BY coalesce(j.completed_at, j.updated_at) LIMIT $3 FOR UPDATE SKIP LOCKED) old)
       RETURNING id, data_key_id`,
      [Object.keys(kept), Object.values(kept), this.batch],
    );
    if (jobs.length === 0) return {};
    const ids = jobs.map(({ id }) => id);
    const files = await sql.query('DELETE FROM deposit_files WHERE job_id = ANY($1) RETURNING 1', [ids]);
    return { payloads: jobs.length, files: files.length, keys: await shred(sql, ids) };
  }

  async #results(sql: Sql): Promise<Partial<Purged>> {
    const rows = await sql.query<{ job_id: string }>(
      `DELETE FROM job_results WHERE job_id IN (
         SELECT job_id FROM job_results WHERE created_at < now() - $1::float8 * interval '1 day'
         ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING job_id`,
      [this.rules.resultDays, this.batch],
    );
    const steps = await sql.query<{ job_id: string }>(
      `DELETE FROM job_step_results WHERE (job_id, step) IN (
         SELECT s.job_id, s.step FROM job_step_results s JOIN jobs j ON j.id = s.job_id
         WHERE s.created_at < now() - $1::float8 * interval '1 day' AND j.status IN ('completed', 'failed', 'cancelled')
         ORDER BY s.created_at LIMIT $2 FOR UPDATE OF s SKIP LOCKED) RETURNING job_id`,
      [this.rules.resultDays, this.batch],
    );
    const gone = [...rows, ...steps];
    if (gone.length === 0) return {};
    const keys = await shred(
      sql,
      gone.map(({ job_id }) => job_id),
    );
    return { results: gone.length, keys };
  }

  /** Both rows are locked and judged again: a job that has just come back keeps its claim. */
  async #claims(sql: Sql): Promise<Partial<Purged>> {
    const rows = await sql.query(
      `WITH old AS (
         SELECT c.tenant_hash, c.key_hash FROM idempotency_claims c JOIN jobs j ON j.id = c.job_id
         WHERE c.created_at < now() - $1::float8 * interval '1 day' AND j.completed_at < now() - $1::float8 * interval '1 day'
           AND j.status IN ('completed', 'failed', 'cancelled')
         ORDER BY c.created_at LIMIT $2 FOR UPDATE OF c, j SKIP LOCKED)
       DELETE FROM idempotency_claims c USING old WHERE c.tenant_hash = old.tenant_hash AND c.key_hash = old.key_hash
       RETURNING 1`,
      [this.rules.claimDays, this.batch],
    );
    return { claims: rows.length };
  }

  /** Only what nothing refers to any more. */
  async #tombstones(sql: Sql): Promise<Partial<Purged>> {
    const rows = await sql.query<{ id: string }>(
      `DELETE FROM jobs WHERE id IN (
         SELECT j.id FROM jobs j
         WHERE j.purged_at IS NOT NULL AND j.completed_at < now() - $1::float8 * interval '1 day'
           AND j.status IN ('completed', 'failed', 'cancelled')
           AND NOT EXISTS (SELECT 1 FROM idempotency_claims c WHERE c.job_id = j.id)
           AND NOT EXISTS (SELECT 1 FROM job_results r WHERE r.job_id = j.id)
           AND NOT EXISTS (SELECT 1 FROM job_step_results s WHERE s.job_id = j.id)
         ORDER BY j.completed_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id`,
      [this.rules.jobDays, this.batch],
    );
    await sql.query('DELETE FROM job_attempts WHERE job_id = ANY($1)', [rows.map(({ id }) => id)]);
    return { jobs: rows.length };
  }
}

/** A deposit has a key of its own, made at its acceptance: once content and result are gone it opens nothing. */
async function shred(sql: Sql, jobIds: readonly string[]): Promise<number> {
  const rows = await sql.query(
    `DELETE FROM data_keys k USING jobs j
     WHERE j.id = ANY($1) AND j.data_key_id = k.id AND j.tenant_hash = k.tenant_hash AND j.purged_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM job_results r WHERE r.job_id = j.id)
       AND NOT EXISTS (SELECT 1 FROM job_step_results s WHERE s.job_id = j.id) RETURNING 1`,
    [jobIds],
  );
  return rows.length;
}

function sum(a: Purged, b: Purged): Purged {
  return {
    payloads: a.payloads + b.payloads,
    files: a.files + b.files,
    results: a.results + b.results,
    keys: a.keys + b.keys,
    claims: a.claims + b.claims,
    jobs: a.jobs + b.jobs,
  };
}
