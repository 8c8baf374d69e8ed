import type { AuditTrail } from '../audit/audit-trail.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { appendTimeline, timelineEntry } from './attempt.repository.js';
import { jobEventData } from './job-event.js';
import { endedProgress, reviewProgress, waitingProgress, type JobProgress, type TimelineCode } from './job-texts.js';

interface LostAttempt {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly type: string;
  readonly token: string;
  readonly attempts: number;
  readonly sends: number;
  readonly requestId: string;
}

interface Fate {
  readonly status: 'pending' | 'needs_review' | 'failed';
  readonly outcome: 'unknown' | 'not_applied' | null;
  readonly why: TimelineCode;
  readonly progress: JobProgress;
  readonly attemptClass: 'ambiguous' | 'not-sent';
}

/** How long silence must last, and how many attempts a job has. */
export interface TakeOverRules {
  readonly lostSeconds: number;
  readonly maxAttempts: number;
}

/** Attempts whose worker has gone silent. As the system: ids and states of every tenant. */
export class LostAttemptsRepository {
  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    private readonly events: Pick<EventLog, 'append'>,
    private readonly audit: Pick<AuditTrail, 'write'>,
    private readonly rules: TakeOverRules,
  ) {}

  /** Tokens of attempts that have been silent for too long. */
  async silent(): Promise<string[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<{ token: string }>(
        `SELECT a.token FROM jobs j JOIN job_attempts a ON a.job_id = j.id AND a.token = j.attempt_token
         WHERE j.status = 'processing' AND a.seen_at < now() - make_interval(secs => $1::float8) LIMIT 1000`,
        [this.rules.lostSeconds],
      ),
    );
    return rows.map(({ token }) => token);
  }

  /** Takes these attempts from their workers, if they are silent still; gives the OPCOs at which a job is due again. */
  takeOver(tokens: readonly string[]): Promise<string[]> {
    return this.database.asSystem(async (sql) => {
      const due = new Set<string>();
      for (const lost of await this.#locked(sql, tokens)) {
        const fate = this.#fateOf(lost);
        await this.#write(sql, lost, fate);
        if (fate.status === 'pending') due.add(lost.opcoId);
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
    const rows = await sql.query<Record<string, string> & { attempts: number; sends: number }>(
      `SELECT j.id, j.tenant_hash, j.opco_id, j.type, j.request_id, j.attempts, a.token, a.sends
       FROM jobs j JOIN job_attempts a ON a.job_id = j.id AND a.token = j.attempt_token
       WHERE j.id = ANY($1) AND a.seen_at < now() - make_interval(secs => $2::float8)`,
      [held.map(({ id }) => id), this.rules.lostSeconds],
    );
    return rows.map((row) => ({
      jobId: row['id'] ?? '',
      tenant: readTenantHash(row['tenant_hash'] ?? ''),
      opcoId: row['opco_id'] ?? '',
      type: row['type'] ?? '',
      token: row['token'] ?? '',
      requestId: row['request_id'] ?? '',
      attempts: row.attempts,
      sends: row.sends,
    }));
  }

  /** An intent without an end may have had its effect; without one nothing can have gone out. */
  #fateOf({ sends, attempts }: LostAttempt): Fate {
    if (sends > 0) {
      return {
        status: 'needs_review',
        outcome: 'unknown',
        why: 'worker-lost',
        progress: reviewProgress,
        attemptClass: 'ambiguous',
      };
    }
    if (attempts >= this.rules.maxAttempts) {
      return {
        status: 'failed',
        outcome: 'not_applied',
        why: 'exhausted',
        progress: endedProgress,
        attemptClass: 'not-sent',
      };
    }
    return {
      status: 'pending',
      outcome: null,
      why: 'worker-lost-unsent',
      progress: waitingProgress,
      attemptClass: 'not-sent',
    };
  }

  async #write(sql: Sql, lost: LostAttempt, fate: Fate): Promise<void> {
    const { jobId, tenant, opcoId, type, token, requestId } = lost;
    const { status, outcome, why, progress, attemptClass } = fate;
    await sql.query(
      `UPDATE jobs SET status = $2, outcome = $3, progress = $4, attempt_token = NULL, updated_at = now(),
         completed_at = CASE WHEN $2 = 'failed' THEN now() END, timeline = ${appendTimeline('$5', '$6')} WHERE id = $1`,
      [jobId, status, outcome, JSON.stringify(progress), ...timelineEntry(why)],
    );
    await sql.query('UPDATE job_attempts SET ended_at = now(), class = $3 WHERE job_id = $1 AND token = $2', [
      jobId,
      token,
      attemptClass,
    ]);
    if (status === 'pending') {
      await sql.query('UPDATE job_outbox SET enqueued_at = NULL, run_at = now() WHERE job_id = $1', [jobId]);
    } else {
      await sql.query('DELETE FROM job_outbox WHERE job_id = $1', [jobId]);
      const data = jobEventData({ jobId, type, opcoId, status, outcome: outcome ?? 'unknown' });
      const event = status === 'failed' ? 'job.failed' : 'job.needs_review';
      await this.events.append(sql, tenant, { type: event, opcoId, subject: `job:${jobId}`, data });
    }
    await this.audit.write(sql, {
      tenant,
      actor: 'system:relay',
      action: status === 'pending' ? 'job.waiting' : `job.${status}`,
      object: `job:${jobId}`,
      result: attemptClass,
      requestId,
      details: { opcoId, type, why },
    });
  }
}
