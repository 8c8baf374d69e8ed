import { readTenantHash, type Environment, type TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { lastingReasons } from './decide.js';
import { depositTypes } from './deposit-types.js';
import { sendingProgress, timelineTexts, type TimelineCode } from './job-texts.js';

/** A job in the hands of one worker; `token` is its fencing token. */
export interface ClaimedJob {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly environment: Environment;
  readonly opcoId: string;
  readonly type: string;
  readonly token: string;
  /** Counted attempts, this one included. */
  readonly attempts: number;
  readonly dataKeyId: string;
  /** Sealed; null once purged. */
  readonly payload: string | null;
  readonly requestId: string;
  readonly reason: string | null;
  /** Milliseconds since it has been pending for that reason, by PostgreSQL's clock. */
  readonly reasonMs: number;
}

interface ClaimRow {
  readonly environment: Environment;
  readonly opco_id: string;
  readonly type: string;
  readonly attempts: number;
  readonly data_key_id: string;
  readonly payload: string | null;
  readonly request_id: string;
  readonly pending_reason: string | null;
  readonly reason_ms: number;
}

/** SQL that appends one entry, `$code` and `$texte` being parameters; the oldest but the first make room beyond a hundred. */
export function appendTimeline(code: string, texte: string): string {
  const kept = 'CASE WHEN jsonb_array_length(timeline) < 100 THEN timeline ELSE timeline - 1 END';
  return `${kept} || jsonb_build_array(jsonb_build_object('at', now(), 'code', ${code}::text, 'texte', ${texte}::text))`;
}

/** The two parameters of an entry. */
export function timelineEntry(code: TimelineCode): [code: string, texte: string] {
  return [code, timelineTexts[code]];
}

/**
 * One attempt in the tables. Whoever does not hold the job's `attempt_token` changes nothing.
 *
 *     pending ──claim (token)──▶ processing ──intend──▶ processing, sends > 0 ──settle──▶ (settle.ts)
 *                                    │ token lost: intend says no, nothing goes out
 */
export class AttemptRepository {
  constructor(private readonly database: Pick<Database, 'asTenant' | 'asSystem'>) {}

  /**
   * Takes a job that is pending and due; undefined otherwise, so that a doubled or stale delivery does nothing. One statement
   * decides, by PostgreSQL's time. A type that only a newer release knows is left to that release.
   */
  claim(tenant: TenantHash, jobId: string, token: string): Promise<ClaimedJob | undefined> {
    return this.database.asTenant(tenant, async (sql) => {
      const [row] = await sql.query<ClaimRow>(
        `UPDATE jobs SET status = 'processing', attempt_token = $2, attempts = attempts + 1, updated_at = now()
         WHERE id = $1 AND status = 'pending' AND type = ANY($3)
           AND EXISTS (SELECT 1 FROM job_outbox o WHERE o.job_id = $1 AND o.run_at <= now())
         RETURNING environment, opco_id, type, attempts, data_key_id, payload, request_id, pending_reason,
           coalesce(extract(epoch FROM now() - reason_since) * 1000, 0)::float8 AS reason_ms`,
        [jobId, token, Object.keys(depositTypes)],
      );
      if (!row) return undefined;
      await sql.query(
        `INSERT INTO job_attempts (job_id, attempt, token, tenant_hash)
         SELECT $1, coalesce(max(attempt), 0) + 1, $2, $3 FROM job_attempts WHERE job_id = $1`,
        [jobId, token, tenant],
      );
      return toClaim(tenant, jobId, token, row);
    });
  }

  /**
   * Writes the intent to send, if the job is still ours; false when it is not. The row lock of the job makes this and a
   * take-over by the relay exclude each other. While the job waits for something the tries are not listed: they would push
   * everything else out of the timeline.
   */
  intend({ tenant, jobId, token }: ClaimedJob): Promise<boolean> {
    return this.database.asTenant(tenant, async (sql) => {
      const held = await sql.query(
        `UPDATE jobs SET progress = $3, updated_at = now(),
           timeline = CASE WHEN pending_reason = ANY($6) THEN timeline ELSE ${appendTimeline('$4', '$5')} END
         WHERE id = $1 AND attempt_token = $2 AND status = 'processing' RETURNING id`,
        [jobId, token, JSON.stringify(sendingProgress), ...timelineEntry('sending'), lastingReasons],
      );
      if (held.length === 0) return false;
      await sql.query('UPDATE job_attempts SET sends = sends + 1, seen_at = now() WHERE job_id = $1 AND token = $2', [
        jobId,
        token,
      ]);
      return true;
    });
  }

  /** Tells that the workers of these attempts are alive. */
  async beat(attempts: readonly { readonly jobId: string; readonly token: string }[]): Promise<void> {
    if (attempts.length === 0) return;
    await this.database.asSystem((sql: Sql) =>
      sql.query(
        'UPDATE job_attempts SET seen_at = now() WHERE job_id = ANY($1) AND token = ANY($2) AND ended_at IS NULL',
        [attempts.map(({ jobId }) => jobId), attempts.map(({ token }) => token)],
      ),
    );
  }
}

function toClaim(tenant: TenantHash, jobId: string, token: string, row: ClaimRow): ClaimedJob {
  return {
    jobId,
    tenant: readTenantHash(tenant),
    environment: row.environment,
    opcoId: row.opco_id,
    type: row.type,
    token,
    attempts: row.attempts,
    dataKeyId: row.data_key_id,
    payload: row.payload,
    requestId: row.request_id,
    reason: row.pending_reason,
    reasonMs: row.reason_ms,
  };
}
