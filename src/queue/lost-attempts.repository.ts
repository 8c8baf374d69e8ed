import type { AuditTrail } from '../audit/audit-trail.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { appendTimeline, timelineEntry } from './attempt.repository.js';
import { freshDoubt, type Doubt } from './decision.js';
import { jobEventData } from './job-event.js';
import {
  checkingProgress,
  endedProgress,
  reviewProgress,
  waitingProgress,
  type JobProgress,
  type TimelineCode,
} from './job-texts.js';

interface LostAttempt {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly type: string;
  readonly token: string;
  readonly attempts: number;
  readonly sends: number;
  readonly requestId: string;
  /** It was looking at the OPCO, and sent nothing. */
  readonly inDoubt: boolean;
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
  readonly token: string;
  readonly sends: number;
  readonly step_type: string | null;
}

interface Fate {
  readonly status: 'pending' | 'needs_review' | 'failed';
  readonly outcome: 'unknown' | 'not_applied' | null;
  readonly why: TimelineCode;
  readonly progress: JobProgress;
  readonly attemptClass: 'ambiguous' | 'not-sent' | 'looked-up';
  /** Milliseconds until it is due; absent when it is not. */
  readonly dueInMs?: number;
  /** Begins now; a doubt that there was before goes on as it is. */
  readonly doubt?: Doubt;
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
    const rows = await sql.query<LostRow>(
      `SELECT j.id, j.tenant_hash, j.opco_id, j.type, j.request_id, j.attempts, j.in_doubt, a.token, a.sends,
         j.steps -> j.step ->> 'type' AS step_type
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
      inDoubt: row.in_doubt,
      quietMs: this.parts.quietMsOf(row.opco_id, row.step_type ?? row.type),
    }));
  }

  /** An intent without an end may have had its effect; without one nothing can have gone out. */
  #fateOf({ sends, attempts, inDoubt, quietMs }: LostAttempt): Fate {
    if (inDoubt) {
      return {
        ...{ status: 'pending', outcome: null, why: 'checking', progress: checkingProgress },
        ...{ attemptClass: 'looked-up', dueInMs: 0 },
      };
    }
    if (sends > 0 && quietMs !== undefined) {
      return {
        ...{ status: 'pending', outcome: null, why: 'worker-lost', progress: checkingProgress },
        ...{ attemptClass: 'ambiguous', dueInMs: quietMs, doubt: freshDoubt('ambiguous') },
      };
    }
    if (sends > 0) {
      return {
        status: 'needs_review',
        outcome: 'unknown',
        why: 'worker-lost',
        progress: reviewProgress,
        attemptClass: 'ambiguous',
      };
    }
    if (attempts >= this.parts.rules.maxAttempts) {
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
      dueInMs: 0,
    };
  }

  async #write(sql: Sql, lost: LostAttempt, fate: Fate): Promise<void> {
    const { jobId, tenant, opcoId, type, token, requestId } = lost;
    const { status, outcome, why, progress, attemptClass, doubt, dueInMs } = fate;
    await sql.query(
      `UPDATE jobs SET status = $2, outcome = CASE WHEN $2 = 'failed' AND step > 0 THEN 'partial' ELSE $3 END, progress = $4,
         attempt_token = NULL, updated_at = now(), completed_at = CASE WHEN $2 = 'failed' THEN now() END,
         in_doubt = in_doubt OR $7::jsonb IS NOT NULL, doubt = coalesce($7, doubt),
         doubt_since = CASE WHEN $7::jsonb IS NOT NULL THEN now() ELSE doubt_since END,
         pending_reason = CASE WHEN $7::jsonb IS NOT NULL OR in_doubt THEN 'verification' ELSE pending_reason END,
         timeline = CASE WHEN in_doubt THEN timeline ELSE ${appendTimeline('$5', '$6')} END WHERE id = $1`,
      [jobId, status, outcome, JSON.stringify(progress), ...timelineEntry(why), doubt ? JSON.stringify(doubt) : null],
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
      const data = jobEventData({ jobId, type, opcoId, status, outcome: outcome ?? 'unknown' });
      const event = status === 'failed' ? 'job.failed' : 'job.needs_review';
      await this.parts.events.append(sql, tenant, { type: event, opcoId, subject: `job:${jobId}`, data });
    }
    await this.parts.audit.write(sql, {
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
