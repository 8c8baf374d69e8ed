import type { AuditTrail } from '../audit/audit-trail.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { appendTimeline, timelineEntry, wakeSameObject, type PlannedStep } from './attempt.repository.js';
import { inDoubt } from './decide.js';
import type { Decision, Doubt } from './decision.js';
import { jobEventData } from './job-event.js';
import { settledRow } from './settled-row.js';

interface LostAttempt {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly type: string;
  readonly token: string;
  readonly attempts: number;
  readonly sends: number;
  readonly requestId: string;
  readonly step: number;
  readonly steps?: readonly PlannedStep[];
  /** It was looking at the OPCO, and sent nothing. */
  readonly doubt?: Doubt;
  /** It keeps others of its object waiting. */
  readonly exclusive: boolean;
  readonly quietMs: number | undefined;
}

interface LostRow {
  readonly id: string;
  readonly tenant_hash: string;
  readonly opco_id: string;
  readonly type: string;
  readonly request_id: string;
  readonly attempts: number;
  readonly in_doubt: boolean;
  readonly doubt: Doubt | null;
  readonly token: string;
  readonly sends: number;
  readonly step: number;
  readonly steps: readonly PlannedStep[] | null;
  readonly exclusive: boolean;
}

interface Fate {
  readonly decision: Decision;
  readonly attemptClass: 'ambiguous' | 'not-sent' | 'looked-up';
}

/** How long silence must last, and how many attempts a job has. */
export interface TakeOverRules {
  readonly lostSeconds: number;
  readonly maxAttempts: number;
}

/** What it works with. */
export interface LostAttemptsParts {
  readonly database: Pick<Database, 'asSystem'>;
  readonly events: Pick<EventLog, 'append'>;
  readonly audit: Pick<AuditTrail, 'write'>;
  readonly rules: TakeOverRules;
  /** Milliseconds until an effect would surely show at this OPCO; undefined where the norm offers no way to find it. */
  readonly quietMsOf: (opcoId: string, type: string) => number | undefined;
}

/** Attempts whose worker has gone silent. As the system: ids and states of every tenant. */
export class LostAttemptsRepository {
  constructor(private readonly parts: LostAttemptsParts) {}

  /** Tokens of attempts that have been silent for too long. */
  async silent(): Promise<string[]> {
    const rows = await this.parts.database.asSystem((sql) =>
      sql.query<{ token: string }>(
        `SELECT a.token FROM jobs j JOIN job_attempts a ON a.job_id = j.id AND a.token = j.attempt_token
         WHERE j.status = 'processing' AND a.seen_at < now() - make_interval(secs => $1::float8) LIMIT 1000`,
        [this.parts.rules.lostSeconds],
      ),
    );
    return rows.map(({ token }) => token);
  }

  /** Takes these attempts from their workers, if they are silent still; gives the OPCOs at which a job is due again. */
  takeOver(tokens: readonly string[]): Promise<string[]> {
    return this.parts.database.asSystem(async (sql) => {
      const due = new Set<string>();
      for (const lost of await this.#locked(sql, tokens)) {
        const status = await this.#write(sql, lost, this.#fateOf(lost));
        if (status === 'pending') due.add(lost.opcoId);
      }
      return [...due];
    });
  }

  /** Locks the jobs first and reads the sends afterwards: an intent written in between would otherwise stay unseen. */
  async #locked(sql: Sql, tokens: readonly string[]): Promise<LostAttempt[]> {
    const held = await sql.query<{ id: string }>(
      `SELECT id FROM jobs WHERE status = 'processing' AND attempt_token = ANY($1::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED`,
      [tokens],
    );
    const rows = await sql.query<LostRow>(
      `SELECT j.id, j.tenant_hash, j.opco_id, j.type, j.request_id, j.attempts, j.in_doubt, j.doubt, a.token, a.sends, j.step, j.steps,
         j.effect_key IS NOT NULL AS exclusive
       FROM jobs j JOIN job_attempts a ON a.job_id = j.id AND a.token = j.attempt_token
       WHERE j.id = ANY($1) AND a.seen_at < now() - make_interval(secs => $2::float8)`,
      [held.map(({ id }) => id), this.parts.rules.lostSeconds],
    );
    return rows.map((row) => ({
      jobId: row.id,
      tenant: readTenantHash(row.tenant_hash),
      opcoId: row.opco_id,
      type: row.type,
      token: row.token,
      requestId: row.request_id,
      attempts: row.attempts,
      sends: row.sends,
      step: row.step,
      ...(row.steps && { steps: row.steps }),
      ...(row.in_doubt && row.doubt && { doubt: row.doubt }),
      exclusive: row.exclusive,
      quietMs: this.parts.quietMsOf(row.opco_id, row.steps?.[row.step]?.type ?? row.type),
    }));
  }

  /** An intent without an end may have had its effect; without one nothing can have gone out. */
  #fateOf({ sends, attempts, doubt, quietMs }: LostAttempt): Fate {
    if (doubt) return { decision: { kind: 'check', delayMs: 0, doubt, why: 'checking' }, attemptClass: 'looked-up' };
    if (sends > 0)
      return { decision: { ...inDoubt('ambiguous', quietMs), why: 'worker-lost' }, attemptClass: 'ambiguous' };
    const exhausted = attempts >= this.parts.rules.maxAttempts;
    const decision: Decision = exhausted
      ? { kind: 'failed', outcome: 'not_applied', why: 'exhausted' }
      : { kind: 'retry', delayMs: 0, countsAttempt: true, reason: 'retry', why: 'worker-lost-unsent' };
    return { decision, attemptClass: 'not-sent' };
  }

  async #write(sql: Sql, lost: LostAttempt, { decision, attemptClass }: Fate): Promise<string> {
    const { jobId, tenant, opcoId, type, token, requestId, steps } = lost;
    const { why } = decision;
    const { status, outcome, progress, doubt, dueInMs } = settledRow(lost, decision);
    await sql.query(
      `UPDATE jobs SET status = $2, outcome = $3, progress = $4, attempt_token = NULL, updated_at = now(),
         completed_at = CASE WHEN $2 = 'failed' THEN now() END,
         in_doubt = $7::jsonb IS NOT NULL, doubt = $7,
         doubt_since = CASE WHEN in_doubt THEN doubt_since WHEN $7::jsonb IS NOT NULL THEN now() END,
         pending_reason = CASE WHEN $7::jsonb IS NOT NULL THEN 'verification' ELSE pending_reason END,
         timeline = CASE WHEN in_doubt THEN timeline ELSE ${appendTimeline('$5', '$6')} END WHERE id = $1`,
      [jobId, status, outcome, JSON.stringify(progress), ...timelineEntry(why), doubt && JSON.stringify(doubt)],
    );
    await sql.query('UPDATE job_attempts SET ended_at = now(), class = $3 WHERE job_id = $1 AND token = $2', [
      jobId,
      token,
      attemptClass,
    ]);
    if (dueInMs !== undefined) {
      await sql.query(
        'UPDATE job_outbox SET enqueued_at = NULL, run_at = now() + make_interval(secs => $2::float8 / 1000) WHERE job_id = $1',
        [jobId, dueInMs],
      );
    } else {
      await sql.query('DELETE FROM job_outbox WHERE job_id = $1', [jobId]);
      const end = jobEventData({ jobId, type, opcoId, status, ...(outcome && { outcome }) });
      const data = { ...end, ...(steps && { progress }) };
      const event = status === 'failed' ? 'job.failed' : 'job.needs_review';
      await this.parts.events.append(sql, tenant, { type: event, opcoId, subject: `job:${jobId}`, data });
    }
    if (lost.exclusive && status !== 'needs_review' && !doubt) await wakeSameObject(sql, jobId);
    await this.parts.audit.write(sql, {
      tenant,
      actor: 'system:relay',
      action: status === 'pending' ? 'job.waiting' : `job.${status}`,
      object: `job:${jobId}`,
      result: attemptClass,
      requestId,
      details: { opcoId, type, why },
    });
    return status;
  }
}
