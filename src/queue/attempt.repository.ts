import { readTenantHash, type Environment, type TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { lastingReasons, type Doubt } from './decision.js';
import { depositTypes } from './deposit-types.js';
import { sendingProgress, stepProgress, timelineTexts, type TimelineCode } from './job-texts.js';

/** A job in the hands of one worker; `token` is its fencing token. */
export interface ClaimedJob {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly environment: Environment;
  readonly opcoId: string;
  readonly type: string;
  readonly token: string;
  /** Of the tenant. */
  readonly weight: number;
  /** Counted attempts, this one included. */
  readonly attempts: number;
  readonly dataKeyId: string;
  /** The data key, sealed by the key ring; null once it was shredded. */
  readonly wrappedKey: string | null;
  /** Sealed; null once purged. */
  readonly payload: string | null;
  readonly requestId: string;
  readonly reason: string | null;
  /** Milliseconds since it has been pending for that reason, by PostgreSQL's clock. */
  readonly reasonMs: number;
  /** Its last send may have had its effect: the OPCO is to be asked, nothing may be sent. */
  readonly doubt?: Doubt;
  /** Milliseconds since the doubt began. */
  readonly doubtMs: number;
  /** The numbers that the OPCO had were known before the last intent. */
  readonly knownBefore: boolean;
  /** Where a composite deposit stands, from 0; 0 for any other. */
  readonly step: number;
  /** The plan of a composite deposit. */
  readonly steps?: readonly PlannedStep[];
  /** Only one deposit of its object may be under way. */
  readonly exclusive: boolean;
}

/** One step of a composite deposit, as `jobs.steps` holds it; the label is French. */
export interface PlannedStep {
  readonly type: string;
  readonly label: string;
}

interface ClaimRow extends Pick<ClaimedJob, 'weight' | 'attempts'> {
  readonly environment: Environment;
  readonly opco_id: string;
  readonly type: string;
  readonly data_key_id: string;
  readonly wrapped: string | null;
  readonly payload: string | null;
  readonly request_id: string;
  readonly pending_reason: string | null;
  readonly reason_ms: number;
  readonly in_doubt: boolean;
  readonly doubt: Doubt | null;
  readonly doubt_ms: number;
  readonly known_before: boolean;
  readonly step: number;
  readonly steps: readonly PlannedStep[] | null;
  readonly exclusive: boolean;
}

/** Another job of the same object that is under way, or whose effect nobody knows; the condition of the index jobs_one_effect. */
const otherUnderWay = `o.tenant_hash = j.tenant_hash AND o.opco_id = j.opco_id AND o.effect_key = j.effect_key AND o.id <> j.id
  AND (o.status IN ('processing', 'needs_review') OR (o.status = 'pending' AND o.in_doubt))`;
const underWay = `EXISTS (SELECT 1 FROM jobs o WHERE ${otherUnderWay})`;

/** How often a job that waits for another one looks by itself; it is woken when that one ends. */
const sameObjectSeconds = 60;

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
   * decides, by PostgreSQL's time. A type that only a newer release knows is left to that release, and a deposit of an object of
   * which another one is under way waits for that one.
   */
  async claim(tenant: TenantHash, jobId: string, token: string): Promise<ClaimedJob | undefined> {
    for (;;) {
      const claimed = await this.#claim(tenant, jobId, token);
      // Two of one object were taken in the same moment and the index let one through: what became of it is seen now.
      if (claimed !== 'taken') return claimed;
    }
  }

  async #claim(tenant: TenantHash, jobId: string, token: string): Promise<ClaimedJob | 'taken' | undefined> {
    try {
      return await this.database.asTenant(tenant, async (sql) => {
        const row = (await take(sql, jobId, token)) ?? (await takeAfter(sql, jobId, token));
        return row && toClaim(tenant, jobId, token, row);
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
      return 'taken';
    }
  }

  /**
   * Writes the intent to send, if the job is still ours; false when it is not. The row lock of the job makes this and a
   * take-over by the relay exclude each other. While the job waits for something the tries are not listed: they would push
   * everything else out of the timeline. `knownBefore`: the numbers that the OPCO has at this moment are known.
   */
  intend({ tenant, jobId, token, step, steps }: ClaimedJob, knownBefore: boolean): Promise<boolean> {
    const progress = steps ? stepProgress(steps, step) : sendingProgress;
    return this.database.asTenant(tenant, async (sql) => {
      const held = await sql.query(
        `WITH held AS (
           UPDATE jobs SET progress = $3, updated_at = now(), intended_at = now(), known_before = $7,
             timeline = CASE WHEN pending_reason = ANY($6) THEN timeline ELSE ${appendTimeline('$4', '$5')} END
           WHERE id = $1 AND attempt_token = $2 AND status = 'processing' AND NOT in_doubt RETURNING id)
         UPDATE job_attempts a SET sends = sends + 1, seen_at = now() FROM held
         WHERE a.job_id = held.id AND a.token = $2 RETURNING a.job_id`,
        [jobId, token, JSON.stringify(progress), ...timelineEntry('sending'), lastingReasons, knownBefore],
      );
      return held.length > 0;
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

/** The job is taken, its attempt is listed, and what it takes to open it is read: one round trip. */
async function take(sql: Sql, jobId: string, token: string): Promise<ClaimRow | undefined> {
  const [row] = await sql.query<ClaimRow>(
    `WITH taken AS (
       UPDATE jobs j SET status = 'processing', attempt_token = $2, updated_at = now(),
         attempts = attempts + CASE WHEN in_doubt THEN 0 ELSE 1 END
       WHERE id = $1 AND status = 'pending' AND type = ANY($3) AND NOT ${underWay}
         AND EXISTS (SELECT 1 FROM job_outbox o WHERE o.job_id = $1 AND o.run_at <= now())
       RETURNING id, tenant_hash, environment, opco_id, type, attempts, data_key_id, payload, request_id, pending_reason,
         coalesce(extract(epoch FROM now() - reason_since) * 1000, 0)::float8 AS reason_ms, in_doubt, doubt,
         coalesce(extract(epoch FROM now() - doubt_since) * 1000, 0)::float8 AS doubt_ms, known_before, step, steps,
         effect_key IS NOT NULL AS exclusive),
     listed AS (
       INSERT INTO job_attempts (job_id, attempt, token, tenant_hash)
       SELECT id, (SELECT coalesce(max(attempt), 0) + 1 FROM job_attempts a WHERE a.job_id = $1), $2, tenant_hash FROM taken)
     SELECT taken.*, (SELECT weight FROM tenants t WHERE t.tenant_hash = taken.tenant_hash) AS weight,
       (SELECT wrapped FROM data_keys k WHERE k.id = taken.data_key_id) AS wrapped
     FROM taken`,
    [jobId, token, Object.keys(depositTypes)],
  );
  return row;
}

/**
 * Looks once more, since the one that stood in the way may just have ended, and puts the job off when it has not. That one is kept
 * from ending until this transaction has: either its end is seen here, or it sees, and wakes, who waits.
 */
async function takeAfter(sql: Sql, jobId: string, token: string): Promise<ClaimRow | undefined> {
  const apart = await sql.query(`SELECT 1 FROM jobs WHERE id = $1 AND (status <> 'pending' OR effect_key IS NULL)`, [
    jobId,
  ]);
  if (apart.length > 0) return undefined;
  await sql.query(
    `SELECT 1 FROM jobs j JOIN jobs o ON ${otherUnderWay} WHERE j.id = $1 AND j.status = 'pending' FOR SHARE OF o`,
    [jobId],
  );
  const row = await take(sql, jobId, token);
  if (!row) await waitForSameObject(sql, jobId);
  return row;
}

/** Puts a due job off while another one of its object is under way; told once in the timeline. */
async function waitForSameObject(sql: Sql, jobId: string): Promise<void> {
  const waits = await sql.query(
    `UPDATE jobs j SET pending_reason = 'same_object', updated_at = now(),
       reason_since = CASE WHEN pending_reason = 'same_object' THEN reason_since ELSE now() END,
       timeline = CASE WHEN pending_reason = 'same_object' THEN timeline ELSE ${appendTimeline('$2', '$3')} END
     WHERE id = $1 AND status = 'pending' AND ${underWay}
       AND EXISTS (SELECT 1 FROM job_outbox o WHERE o.job_id = $1 AND o.run_at <= now()) RETURNING id`,
    [jobId, ...timelineEntry('same-object')],
  );
  if (waits.length === 0) return;
  await sql.query(
    'UPDATE job_outbox SET enqueued_at = NULL, run_at = now() + make_interval(secs => $2) WHERE job_id = $1',
    [jobId, sameObjectSeconds],
  );
}

/** Makes due, in the transaction that ends a job, those that waited for it, in the order of their acceptance. */
export async function wakeSameObject(sql: Sql, jobId: string): Promise<void> {
  await sql.query(
    `UPDATE job_outbox o SET enqueued_at = NULL, run_at = now() + waiting.rank * interval '1 microsecond'
     FROM (
       SELECT w.id, row_number() OVER (ORDER BY w.created_at, w.id) - 1 AS rank
       FROM jobs j JOIN jobs w USING (tenant_hash, opco_id, effect_key)
       WHERE j.id = $1 AND w.id <> j.id AND w.status = 'pending' AND w.pending_reason = 'same_object') waiting
     WHERE o.job_id = waiting.id`,
    [jobId],
  );
}

/** SQLSTATE unique_violation. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}

function toClaim(tenant: TenantHash, jobId: string, token: string, row: ClaimRow): ClaimedJob {
  return {
    jobId,
    tenant: readTenantHash(tenant),
    environment: row.environment,
    opcoId: row.opco_id,
    type: row.type,
    ...{ token, attempts: row.attempts, weight: row.weight },
    dataKeyId: row.data_key_id,
    wrappedKey: row.wrapped,
    payload: row.payload,
    requestId: row.request_id,
    reason: row.pending_reason,
    reasonMs: row.reason_ms,
    ...(row.in_doubt && row.doubt && { doubt: row.doubt }),
    doubtMs: row.doubt_ms,
    knownBefore: row.known_before,
    step: row.step,
    ...(row.steps && { steps: row.steps }),
    exclusive: row.exclusive,
  };
}
