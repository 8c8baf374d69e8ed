import type { AuditTrail } from '../audit/audit-trail.js';
import type { OpcoviaError } from '../core/errors.js';
import type { EventType } from '../core/events.js';
import type { EventLog } from '../events/event-log.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { appendTimeline, timelineEntry, type ClaimedJob } from './attempt.repository.js';
import type { AttemptClass, Decision } from './decide.js';
import { jobEventData } from './job-event.js';
import { endedProgress, reviewProgress, waitingProgress } from './job-texts.js';

/** All that an attempt has come to. */
export interface Settlement {
  readonly job: ClaimedJob;
  readonly decision: Decision;
  readonly attemptClass: AttemptClass;
  /** The OPCO's canonical answer, where there is one. */
  readonly answer?: unknown;
  readonly failure?: OpcoviaError;
}

/** Until the poll that follows a completed deposit, at most. */
const newsSeconds = 30;

const eventOf: Readonly<Partial<Record<Decision['kind'], EventType>>> = {
  completed: 'job.completed',
  failed: 'job.failed',
  needs_review: 'job.needs_review',
};

/** Writes the end of an attempt: state, result, timeline, event, audit and due time in one transaction, or nothing. */
export class SettleJob {
  constructor(
    private readonly database: Pick<Database, 'asTenant'>,
    private readonly keys: Pick<DataKeys, 'open'>,
    private readonly events: Pick<EventLog, 'append'>,
    private readonly audit: Pick<AuditTrail, 'write'>,
  ) {}

  /**
   * False when the attempt is no longer ours: then nothing is written. Doing it again after a lost commit answer is safe, since
   * the first commit gave the token away.
   */
  settle(settlement: Settlement): Promise<boolean> {
    const { job, decision } = settlement;
    return this.database.asTenant(job.tenant, async (sql) => {
      if (!(await this.#changeJob(sql, settlement))) return false;
      await this.#endAttempt(sql, settlement);
      if (decision.kind === 'completed') await this.#keepResult(sql, settlement);
      await reschedule(sql, settlement);
      await this.#announce(sql, settlement);
      if (decision.kind === 'completed') await expectNews(sql, settlement);
      return true;
    });
  }

  async #changeJob(sql: Sql, { job, decision, failure }: Settlement): Promise<boolean> {
    const pending = decision.kind === 'retry';
    const error = failure && !pending ? await this.#sealError(sql, job, failure) : null;
    const progress = {
      retry: waitingProgress,
      needs_review: reviewProgress,
      completed: endedProgress,
      failed: endedProgress,
    };
    const changed = await sql.query(
      `UPDATE jobs SET status = $3, outcome = $4, error = $5, progress = $6, attempt_token = NULL, attempts = attempts - $7,
         reason_since = CASE WHEN $8::text IS NULL THEN NULL WHEN pending_reason = $8 THEN reason_since ELSE now() END,
         pending_reason = $8, updated_at = now(), completed_at = CASE WHEN $9 THEN now() END,
         timeline = CASE WHEN pending_reason = $8 AND $8 <> 'retry' THEN timeline ELSE ${appendTimeline('$10', '$11')} END
       WHERE id = $1 AND attempt_token = $2 AND status = 'processing' RETURNING id`,
      [
        job.jobId,
        job.token,
        pending ? 'pending' : decision.kind,
        pending ? null : decision.outcome,
        error,
        JSON.stringify(progress[decision.kind]),
        pending && !decision.countsAttempt ? 1 : 0,
        pending ? decision.reason : null,
        decision.kind === 'completed' || decision.kind === 'failed',
        ...timelineEntry(decision.why),
      ],
    );
    return changed.length > 0;
  }

  /** The OPCO's words may name a person: they are kept sealed. */
  async #sealError(sql: Sql, job: ClaimedJob, { code, entry, details }: OpcoviaError): Promise<string | null> {
    const { detail, findings, upstream } = details;
    const error = {
      code,
      title: entry.title,
      ...(detail && { detail }),
      ...(findings && { errors: findings }),
      ...(upstream && { upstream }),
    };
    return this.#seal(sql, job, JSON.stringify(error), place('jobs', 'error', job.jobId, job.tenant));
  }

  /** Null when the subject was erased meanwhile: the state is still written, what belonged to the person is not. */
  async #seal(sql: Sql, job: ClaimedJob, plaintext: string, at: string): Promise<string | null> {
    try {
      return (await this.keys.open(sql, job.tenant, job.dataKeyId)).seal(plaintext, at);
    } catch (error) {
      if (error instanceof UnsealError) return null;
      throw error;
    }
  }

  async #endAttempt(sql: Sql, { job, attemptClass, failure }: Settlement): Promise<void> {
    await sql.query(
      'UPDATE job_attempts SET ended_at = now(), class = $3, upstream_status = $4 WHERE job_id = $1 AND token = $2',
      [job.jobId, job.token, attemptClass, failure?.details.upstream?.status ?? null],
    );
  }

  async #keepResult(sql: Sql, { job, answer }: Settlement): Promise<void> {
    const at = place('job_results', 'result', job.jobId, job.tenant);
    const sealed = await this.#seal(sql, job, JSON.stringify(answer ?? null), at);
    if (sealed === null) return;
    await sql.query(
      'INSERT INTO job_results (job_id, tenant_hash, opco_id, data_key_id, result) VALUES ($1, $2, $3, $4, $5)',
      [job.jobId, job.tenant, job.opcoId, job.dataKeyId, sealed],
    );
  }

  async #announce(sql: Sql, { job, decision, attemptClass, answer }: Settlement): Promise<void> {
    const { jobId, tenant, opcoId, type, requestId } = job;
    const subject = `job:${jobId}`;
    if (decision.kind === 'retry') {
      // Said once, when the wait begins; each later try with the same refusal is silent.
      if (decision.reason === 'credentials' && job.reason !== 'credentials') {
        const data = { kind: 'credentials', jobId, type, opcoId };
        await this.events.append(sql, tenant, { type: 'incident.raised', opcoId, subject, data });
      }
    } else {
      const data = jobEventData({ jobId, type, opcoId, status: decision.kind, outcome: decision.outcome, answer });
      await this.events.append(sql, tenant, { type: eventOf[decision.kind] ?? 'job.failed', opcoId, subject, data });
    }
    // Waiting on for what was already waited for changes nothing that anybody could look for; a refused key is worth a row.
    const waitsOn = decision.kind === 'retry' && decision.reason !== 'credentials' && decision.reason !== 'retry';
    if (waitsOn && decision.reason === job.reason) return;
    const action = decision.kind === 'retry' ? 'job.waiting' : (`job.${decision.kind}` as const);
    await this.audit.write(sql, {
      tenant,
      actor: 'system:worker',
      action,
      object: subject,
      result: attemptClass,
      requestId,
      details: { opcoId, type, why: decision.why },
    });
  }
}

/**
 * The OPCO now has something new to tell: its next poll for this tenant is drawn near, so that a run of deposits ends in one
 * poll. It stands here, and not with the poller, because it must commit with the end of the deposit, and this module knows
 * nothing of the other. No target, or a paused one: nobody polls.
 */
async function expectNews(sql: Sql, { job }: Settlement): Promise<void> {
  await sql.query(
    `UPDATE poll_targets SET next_poll_at = least(next_poll_at, now() + make_interval(secs => $3))
     WHERE tenant_hash = $1 AND opco_id = $2 AND paused_reason IS NULL`,
    [job.tenant, job.opcoId, newsSeconds],
  );
}

async function reschedule(sql: Sql, { job, decision }: Settlement): Promise<void> {
  if (decision.kind !== 'retry') {
    await sql.query('DELETE FROM job_outbox WHERE job_id = $1', [job.jobId]);
    return;
  }
  await sql.query(
    'UPDATE job_outbox SET enqueued_at = NULL, run_at = now() + make_interval(secs => $2::float8 / 1000) WHERE job_id = $1',
    [job.jobId, decision.delayMs],
  );
}
