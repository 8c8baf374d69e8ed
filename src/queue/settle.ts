import type { AuditTrail } from '../audit/audit-trail.js';
import type { LookUp } from '../core/endpoint.js';
import type { OpcoviaError } from '../core/errors.js';
import type { JobEventType } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { appendTimeline, timelineEntry, wakeSameObject, type ClaimedJob } from './attempt.repository.js';
import type { AttemptClass } from './decide.js';
import type { Decision } from './decision.js';
import { jobEventData, namedDeposit } from './job-event.js';
import type { KnownNumbersRepository } from './known-numbers.repository.js';
import { settledRow, type SettledRow } from './settled-row.js';

/** All that an attempt has come to. */
export interface Settlement {
  readonly job: ClaimedJob;
  readonly decision: Decision;
  /** `looked-up` when nothing was sent: the OPCO was asked about an earlier attempt. */
  readonly attemptClass: AttemptClass | 'looked-up';
  /** The canonical answer, where there is one: of the OPCO, or of the whole composite deposit. */
  readonly answer?: unknown;
  /** The answer to this very step of a composite deposit. */
  readonly stepAnswer?: unknown;
  readonly failure?: OpcoviaError;
  /** The number that the OPCO gave, and the list that shows it. */
  readonly effect?: { readonly list: LookUp['lists']; readonly number: string };
}

/** What put a deposit in doubt says more than the look-ups after it; it is over with the doubt, unless a person has to look. */
const errorToKeep = `CASE WHEN $3 = 'completed' OR ($3 = 'pending' AND $12::jsonb IS NULL) THEN NULL
         ELSE coalesce(CASE WHEN in_doubt THEN error END, $5) END`;

/** Until the poll that follows a completed deposit, at most. */
const newsSeconds = 30;

const eventOf: Readonly<Partial<Record<Decision['kind'], JobEventType>>> = {
  completed: 'job.completed',
  advance: 'job.progress',
  failed: 'job.failed',
  needs_review: 'job.needs_review',
};

/** What it writes with. */
export interface SettleParts {
  readonly database: Pick<Database, 'asTenant'>;
  readonly keys: Pick<DataKeys, 'open'>;
  readonly events: Pick<EventLog, 'append'>;
  readonly audit: Pick<AuditTrail, 'write'>;
  readonly numbers: Pick<KnownNumbersRepository, 'credit'>;
}

/** Writes the end of an attempt: state, result, timeline, event, audit and due time in one transaction, or nothing. */
export class SettleJob {
  constructor(private readonly parts: SettleParts) {}

  /**
   * False when the attempt is no longer ours: then nothing is written. Doing it again after a lost commit answer is safe, since
   * the first commit gave the token away.
   */
  settle(settlement: Settlement): Promise<boolean> {
    const { job, decision, effect } = settlement;
    const row = settledRow(job, decision);
    return this.parts.database.asTenant(job.tenant, async (sql) => {
      if (!(await this.#changeJob(sql, settlement, row))) return false;
      if (job.steps && settlement.stepAnswer !== undefined) await this.#keepStep(sql, settlement);
      if (decision.kind === 'completed') await this.#keepResult(sql, settlement);
      if (effect) await this.parts.numbers.credit(sql, job.tenant, { ...effect, opcoId: job.opcoId, jobId: job.jobId });
      if (job.exclusive && row.status !== 'needs_review' && !row.doubt) await wakeSameObject(sql, job.jobId);
      await this.#announce(sql, settlement, row);
      if (decision.kind === 'completed' || decision.kind === 'advance') await expectNews(sql, settlement);
      return true;
    });
  }

  /** The job, the end of its attempt, and when it is due again: one round trip. */
  async #changeJob(sql: Sql, { job, decision, failure, attemptClass }: Settlement, row: SettledRow): Promise<boolean> {
    const kept = row.status !== 'pending' || row.doubt !== null;
    const error = failure && kept ? await this.#sealError(sql, job, failure) : null;
    const changed = await sql.query(
      `WITH changed AS (
       UPDATE jobs SET status = $3, outcome = $4, error = ${errorToKeep}, progress = $6, attempt_token = NULL, attempts = $7,
         reason_since = CASE WHEN $8::text IS NULL THEN NULL WHEN pending_reason = $8 THEN reason_since ELSE now() END,
         pending_reason = $8, updated_at = now(), completed_at = CASE WHEN $9 THEN now() END,
         in_doubt = $12::jsonb IS NOT NULL, doubt = $12, step = $13,
         doubt_since = CASE WHEN $12::jsonb IS NOT NULL THEN coalesce(doubt_since, now()) END,
         timeline = CASE WHEN pending_reason = $8 AND $8 <> 'retry' THEN timeline ELSE ${appendTimeline('$10', '$11')} END
       WHERE id = $1 AND attempt_token = $2 AND status = 'processing' RETURNING id),
       ended AS (
         UPDATE job_attempts a SET ended_at = now(), class = $14, upstream_status = $15 FROM changed
         WHERE a.job_id = changed.id AND a.token = $2),
       due AS (
         UPDATE job_outbox o SET enqueued_at = NULL, run_at = now() + make_interval(secs => $16::float8 / 1000) FROM changed
         WHERE o.job_id = changed.id AND $16::float8 IS NOT NULL),
       finished AS (DELETE FROM job_outbox o USING changed WHERE o.job_id = changed.id AND $16::float8 IS NULL)
       SELECT id FROM changed`,
      [
        job.jobId,
        job.token,
        row.status,
        row.outcome,
        error,
        JSON.stringify(row.progress),
        row.attempts,
        row.reason,
        row.status === 'completed' || row.status === 'failed',
        ...timelineEntry(decision.why),
        row.doubt && JSON.stringify(row.doubt),
        row.step,
        attemptClass,
        failure?.details.upstream?.status ?? null,
        row.dueInMs ?? null,
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
      return (await this.parts.keys.open(sql, job.tenant, job.dataKeyId)).seal(plaintext, at);
    } catch (error) {
      if (error instanceof UnsealError) return null;
      throw error;
    }
  }

  async #keepStep(sql: Sql, { job, stepAnswer }: Settlement): Promise<void> {
    const { jobId, step, tenant, dataKeyId } = job;
    const sealed = await this.#seal(sql, job, JSON.stringify(stepAnswer), stepResultAt(jobId, step, tenant));
    if (sealed === null) return;
    await sql.query(
      `INSERT INTO job_step_results (job_id, step, tenant_hash, data_key_id, result) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING`,
      [jobId, step, tenant, dataKeyId, sealed],
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

  async #announce(sql: Sql, settlement: Settlement, row: SettledRow): Promise<void> {
    const { job, decision, attemptClass } = settlement;
    const { jobId, tenant, opcoId, type, requestId } = job;
    await this.#tell(sql, settlement, row);
    // Waiting on for what was already waited for changes nothing that anybody could look for; a refused key is worth a row.
    const waits = decision.kind === 'retry' && decision.reason !== 'credentials' && decision.reason !== 'retry';
    if ((waits || decision.kind === 'check') && row.reason === job.reason) return;
    const action = row.status === 'pending' ? pendingAction(decision) : (`job.${row.status}` as const);
    await this.parts.audit.write(sql, {
      tenant,
      actor: 'system:worker',
      action,
      object: `job:${jobId}`,
      result: attemptClass,
      requestId,
      details: { opcoId, type, why: decision.why, ...(job.steps && { step: job.step }) },
    });
  }

  async #tell(sql: Sql, { job, decision, answer, stepAnswer }: Settlement, row: SettledRow): Promise<void> {
    const { jobId, tenant, opcoId, type } = job;
    const subject = `job:${jobId}`;
    if (decision.kind === 'retry' && decision.reason === 'credentials' && job.reason !== 'credentials') {
      // Said once, when the wait begins; each later try with the same refusal is silent.
      const data = { kind: 'credentials', ...namedDeposit({ jobId, type, opcoId }) };
      await this.parts.events.append(sql, tenant, { type: 'incident.raised', opcoId, subject, data });
    }
    const event = eventOf[decision.kind];
    if (!event) return;
    const told = { jobId, type, opcoId, status: row.status, answer: answer ?? stepAnswer };
    const progress = job.steps && { progress: row.progress };
    const data = { ...jobEventData({ ...told, ...(row.outcome && { outcome: row.outcome }) }), ...progress };
    await this.parts.events.append(sql, tenant, { type: event, opcoId, subject, data });
  }
}

function pendingAction(decision: Decision): 'job.advanced' | 'job.waiting' {
  return decision.kind === 'advance' ? 'job.advanced' : 'job.waiting';
}

/** Where the sealed answer to a step stands. */
export function stepResultAt(jobId: string, step: number, tenant: TenantHash): string {
  return place('job_step_results', 'result', `${jobId}.${step}`, tenant);
}

/**
 * The OPCO now has something new to tell: its next poll for this tenant is drawn near, so that a run of deposits ends in one
 * poll. It stands here, and not with the poller, because it must commit with the end of the deposit, and this module knows
 * nothing of the other. No target, or a paused one: nobody polls. A poll that is near already is left alone, or all deposits of a CFA
 * would wait for that one row; one under way may have read the list before, and is followed by another.
 */
async function expectNews(sql: Sql, { job }: Settlement): Promise<void> {
  await sql.query(
    `UPDATE poll_targets SET
       next_poll_at = CASE WHEN next_poll_at = claimed_until THEN now() + make_interval(secs => $3)
                           ELSE least(next_poll_at, now() + make_interval(secs => $3)) END,
       next_factures_at = CASE WHEN $4 THEN now() ELSE next_factures_at END
     WHERE tenant_hash = $1 AND opco_id = $2 AND paused_reason IS NULL
       AND ($4 OR next_poll_at = claimed_until OR next_poll_at > now() + make_interval(secs => $3))`,
    [job.tenant, job.opcoId, newsSeconds, job.type === 'factures'],
  );
}
