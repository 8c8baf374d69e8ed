import type { JobResolution } from '../core/contract/job.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { DataKey } from '../tenancy/data-key.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { appendTimeline, timelineEntry, wakeSameObject, type PlannedStep } from './attempt.repository.js';
import { bringBack } from './change-state.js';
import { endpointOf } from './deposit-types.js';
import { jobEventData } from './job-event.js';
import type { KnownNumbersRepository } from './known-numbers.repository.js';
import { endedProgress, stepProgress, waitingProgress, type JobProgress, type TimelineCode } from './job-texts.js';
import { stepResultAt } from './settle.js';
import { stepAnswers } from './step-answers.js';
import { wholeAnswer } from './whole-answer.js';

/** A job whose outcome its owner has found out. */
export interface UnsettledJob {
  readonly id: string;
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly type: string;
  readonly status: string;
  readonly dataKeyId: string;
  readonly step: number;
  readonly steps: readonly PlannedStep[] | null;
  /** As an earlier resolution left it. */
  readonly resolution: string | null;
  /** When the review began that is to be settled. */
  readonly updatedAt: Date;
}

/** What the resolution is written with. */
export interface ResolveParts {
  readonly keys: Pick<DataKeys, 'open'>;
  readonly events: Pick<EventLog, 'append'>;
  readonly numbers: Pick<KnownNumbersRepository, 'credit'>;
}

interface Verdict {
  readonly status: 'completed' | 'pending' | 'cancelled';
  readonly outcome: 'applied' | 'not_applied' | 'partial' | null;
  readonly why: TimelineCode;
  readonly progress: JobProgress;
  readonly step: number;
}

/**
 * Settles a `needs_review` by what its owner has verified at the OPCO, in the caller's transaction. True when it changed
 * something: the same resolution a second time changes nothing. Throws CONFLICT for a job in any other state, VALIDATION_ERROR
 * where the steps that follow need a number that is not given.
 */
export async function resolveJob(
  parts: ResolveParts,
  sql: Sql,
  job: UnsettledJob,
  resolution: JobResolution,
): Promise<boolean> {
  judge(job, resolution);
  const words = JSON.stringify([resolution.outcome, resolution.numeroInterne ?? null, actionOf(resolution)]);
  if (job.status !== 'needs_review' && job.resolution === words) return false;
  if (job.status === 'needs_review') judgeReview(job, resolution.updatedAt);
  const verdict = verdictOf(job, resolution);
  const changed = await sql.query(
    `UPDATE jobs SET status = $2, outcome = $3, error = NULL, progress = $4, step = $5, in_doubt = false, doubt = NULL,
       doubt_since = NULL, attempts = 0, pending_reason = NULL, reason_since = NULL, resolution = $6, updated_at = now(),
       completed_at = CASE WHEN $2 <> 'pending' THEN now() END, timeline = ${appendTimeline('$7', '$8')}
     WHERE id = $1 AND status = 'needs_review' AND ($2 <> 'pending' OR payload IS NOT NULL)
       AND date_trunc('milliseconds', updated_at) = $9 RETURNING id`,
    [
      job.id,
      verdict.status,
      verdict.outcome,
      JSON.stringify(verdict.progress),
      verdict.step,
      words,
      ...timelineEntry(verdict.why),
      job.updatedAt,
    ],
  );
  if (changed.length === 0) throw fail('CONFLICT', { detail: "L'état de ce job ne permet pas cette opération." });
  await credit(parts, sql, job, resolution);
  if (resolution.outcome === 'applied') await keepAnswer(parts, sql, job, { verdict, resolution });
  if (verdict.status === 'pending') await bringBack(sql, job.id);
  await wakeSameObject(sql, job.id);
  await tell(parts, sql, job, { verdict, resolution });
  return true;
}

function judge({ step, steps }: UnsettledJob, { outcome, numeroInterne, action }: JobResolution): void {
  const wrong = (pointer: string, code: string, message: string) => {
    throw fail('VALIDATION_ERROR', { findings: [{ pointer, code, message }] });
  };
  if (outcome === 'applied' && action !== undefined) wrong('/action', 'unexpected', 'Avec `not_applied` seulement.');
  if (outcome === 'not_applied' && numeroInterne !== undefined)
    wrong('/numeroInterne', 'unexpected', 'Avec `applied` seulement.');
  if (outcome === 'applied' && step === 0 && steps && numeroInterne === undefined)
    wrong('/numeroInterne', 'required', 'Les étapes suivantes ont besoin du numéro du dossier.');
}

/** A client that repeats what it sent for a review before must not settle this one: from the second on it says which one it means. */
function judgeReview({ updatedAt, resolution }: UnsettledJob, verified: string | undefined): void {
  if (verified === undefined ? resolution === null : Date.parse(verified) === updatedAt.getTime()) return;
  throw fail('CONFLICT', {
    detail: 'Ce job est revenu en vérification depuis ; relisez-le, vérifiez, et joignez son `updatedAt`.',
  });
}

function actionOf({ outcome, action }: JobResolution): 'retry' | 'cancel' | null {
  return outcome === 'applied' ? null : (action ?? 'retry');
}

function verdictOf({ step, steps }: UnsettledJob, resolution: JobResolution): Verdict {
  const waiting = steps ? stepProgress(steps, step) : waitingProgress;
  if (resolution.outcome === 'applied') {
    if (steps && step + 1 < steps.length) {
      const progress = stepProgress(steps, step + 1);
      return { status: 'pending', outcome: null, why: 'resolved-applied', step: step + 1, progress };
    }
    const progress = steps ? { ...stepProgress(steps, step + 1), label: endedProgress.label } : endedProgress;
    return { status: 'completed', outcome: 'applied', why: 'resolved-applied', step, progress };
  }
  if (actionOf(resolution) === 'retry')
    return { status: 'pending', outcome: null, why: 'resolved-retry', step, progress: waiting };
  const outcome = step > 0 ? 'partial' : 'not_applied';
  return {
    status: 'cancelled',
    outcome,
    why: 'resolved-cancelled',
    step,
    progress: { ...waiting, label: 'Abandonné' },
  };
}

/** The number that the owner found is the effect of this job, and of no other one in doubt. */
async function credit(
  parts: ResolveParts,
  sql: Sql,
  job: UnsettledJob,
  { numeroInterne: number }: JobResolution,
): Promise<void> {
  if (number === undefined || job.step > 0 || endpointOf(job.type) !== 'depositDossier') return;
  const { id: jobId, opcoId } = job;
  await parts.numbers.credit(sql, job.tenant, { opcoId, jobId, list: 'etats', number });
}

interface Told {
  readonly verdict: Verdict;
  readonly resolution: JobResolution;
}

async function keepAnswer(
  parts: ResolveParts,
  sql: Sql,
  job: UnsettledJob,
  { verdict, resolution }: Told,
): Promise<void> {
  const { id, tenant, dataKeyId, steps, step } = job;
  const key = await keyOf(parts, sql, job);
  // Purged or erased: the state is still written, what belonged to the person is not.
  if (!key) return;
  const answer = answerOf(resolution);
  if (steps) {
    await sql.query(
      'INSERT INTO job_step_results (job_id, step, tenant_hash, data_key_id, result) VALUES ($1, $2, $3, $4, $5)',
      [id, step, tenant, dataKeyId, key.seal(JSON.stringify(answer), stepResultAt(id, step, tenant))],
    );
  }
  if (verdict.status !== 'completed') return;
  const whole = steps ? wholeAnswer(steps, await stepAnswers(sql, key, job)) : answer;
  await sql.query(
    'INSERT INTO job_results (job_id, tenant_hash, opco_id, data_key_id, result) VALUES ($1, $2, $3, $4, $5)',
    [id, tenant, job.opcoId, dataKeyId, key.seal(JSON.stringify(whole), place('job_results', 'result', id, tenant))],
  );
}

async function keyOf(
  { keys }: ResolveParts,
  sql: Sql,
  { tenant, dataKeyId }: UnsettledJob,
): Promise<DataKey | undefined> {
  try {
    return await keys.open(sql, tenant, dataKeyId);
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}

function answerOf({ numeroInterne }: JobResolution): Record<string, unknown> {
  return { ...(numeroInterne !== undefined && { numeroInterne }), resolved: true };
}

/** An effect that its owner vouches for is told as any other. */
async function tell(
  { events }: ResolveParts,
  sql: Sql,
  job: UnsettledJob,
  { verdict, resolution }: Told,
): Promise<void> {
  if (resolution.outcome !== 'applied') return;
  const { id, tenant, opcoId, type } = job;
  const end = { jobId: id, type, opcoId, status: verdict.status, answer: answerOf(resolution) };
  const data = {
    ...jobEventData({ ...end, ...(verdict.outcome && { outcome: verdict.outcome }) }),
    ...(job.steps && { progress: verdict.progress }),
  };
  const event = verdict.status === 'completed' ? 'job.completed' : 'job.progress';
  await events.append(sql, tenant, { type: event, opcoId, subject: `job:${id}`, data });
}
