import { fail } from '../core/errors.js';
import type { Sql } from '../platform/database/database.js';
import { appendTimeline, timelineEntry, type PlannedStep } from './attempt.repository.js';
import { endedProgress, stepProgress, waitingProgress, type JobProgress, type TimelineCode } from './job-texts.js';

/** One change of a state that the owner asks for. */
export interface StateChange {
  readonly from: 'failed' | 'pending';
  readonly to: 'pending' | 'cancelled';
  readonly code: TimelineCode;
}

/** What a change needs to know of its job. */
export interface ChangedJob {
  readonly id: string;
  readonly step: number;
  readonly steps: readonly PlannedStep[] | null;
}

/** Compare-and-set on the state, of a job whose effect is not in doubt; a job whose payload was purged cannot be brought back. */
export async function changeState(sql: Sql, job: ChangedJob, { from, to, code }: StateChange): Promise<void> {
  const ends = to === 'cancelled';
  const changed = await sql.query(
    `UPDATE jobs SET status = $3, outcome = $4, error = NULL, attempts = CASE WHEN $5 THEN attempts ELSE 0 END, pending_reason = NULL,
       reason_since = NULL, progress = $6, updated_at = now(), completed_at = CASE WHEN $5 THEN now() END,
       timeline = ${appendTimeline('$7', '$8')}
     WHERE id = $1 AND status = $2 AND NOT in_doubt AND payload IS NOT NULL RETURNING id`,
    [
      job.id,
      from,
      to,
      ends ? (job.step > 0 ? 'partial' : 'not_applied') : null,
      ends,
      JSON.stringify(progressOf(job, ends ? endedProgress : waitingProgress)),
      ...timelineEntry(code),
    ],
  );
  if (changed.length === 0) throw fail('CONFLICT', { detail: "L'état de ce job ne permet pas cette opération." });
}

/**
 * Makes a job due again that has just become pending. False when the same content was deposited anew since: acceptance decides about a
 * claim under the same lock, so that it cannot be taken in beside this job while it runs.
 */
export async function bringBack(sql: Sql, jobId: string): Promise<boolean> {
  const claim = await sql.query('SELECT 1 FROM idempotency_claims WHERE job_id = $1 FOR UPDATE', [jobId]);
  await sql.query(
    `INSERT INTO job_outbox (job_id, tenant_hash, environment, opco_id, deadline)
     SELECT id, tenant_hash, environment, opco_id, CASE WHEN deadline > now() THEN deadline END FROM jobs WHERE id = $1`,
    [jobId],
  );
  return claim.length > 0;
}

/** Of a composite job the steps say more. */
function progressOf({ steps, step }: ChangedJob, progress: JobProgress): JobProgress {
  return steps ? { ...stepProgress(steps, step), label: progress.label } : progress;
}
