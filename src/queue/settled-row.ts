import type { ClaimedJob } from './attempt.repository.js';
import type { Decision, Doubt, PendingReason } from './decision.js';
import {
  checkingProgress,
  endedProgress,
  reviewProgress,
  stepProgress,
  waitingProgress,
  type JobProgress,
} from './job-texts.js';

/** The columns of `jobs` after an attempt. */
export interface SettledRow {
  readonly status: 'pending' | 'completed' | 'failed' | 'needs_review';
  readonly outcome: 'applied' | 'not_applied' | 'partial' | 'unknown' | null;
  readonly progress: JobProgress;
  readonly attempts: number;
  readonly reason: PendingReason | null;
  readonly doubt: Doubt | null;
  readonly step: number;
  /** Milliseconds until the job is due again; absent when nothing more happens by itself. */
  readonly dueInMs?: number;
}

/** What of a job decides about its row. */
type Settled = Pick<ClaimedJob, 'attempts' | 'step' | 'steps' | 'doubt'>;

/** What a decision makes of a job: a pure table. */
export function settledRow(job: Settled, decision: Decision): SettledRow {
  const { attempts, step } = job;
  const stays = { attempts, step, doubt: null };
  switch (decision.kind) {
    case 'completed':
      return { ...stays, status: 'completed', outcome: 'applied', reason: null, progress: endedOf(job, 1) };
    case 'failed':
      return {
        ...{ ...stays, status: 'failed', reason: null, progress: endedOf(job, 0) },
        outcome: step > 0 ? 'partial' : decision.outcome,
      };
    case 'needs_review':
      return {
        ...stays,
        status: 'needs_review',
        outcome: decision.outcome,
        reason: null,
        progress: of(job, reviewProgress),
      };
    case 'advance':
      return {
        ...{ status: 'pending', outcome: null, reason: null, doubt: null, dueInMs: 0 },
        ...{ attempts: 0, step: step + 1, progress: stepProgress(job.steps ?? [], step + 1) },
      };
    case 'check':
      return {
        ...{ ...stays, status: 'pending', outcome: null, reason: 'verification', dueInMs: decision.delayMs },
        ...{ doubt: decision.doubt, progress: of(job, checkingProgress) },
      };
    case 'retry':
      return {
        ...{ ...stays, status: 'pending', outcome: null, reason: decision.reason, dueInMs: decision.delayMs },
        // A look-up was no attempt: there is none to give back.
        attempts: decision.countsAttempt || job.doubt ? attempts : attempts - 1,
        progress: of(job, waitingProgress),
      };
  }
}

function endedOf({ steps, step }: Settled, done: 0 | 1): JobProgress {
  return steps ? { ...stepProgress(steps, step + done), label: endedProgress.label } : endedProgress;
}

/** Of a composite deposit the step says more. */
function of({ steps, step }: Settled, progress: JobProgress): JobProgress {
  return steps ? { ...stepProgress(steps, step), label: `${progress.label} : ${steps[step]?.label ?? ''}` } : progress;
}
