import type { JobOutcome, JobStatus, JobStep } from '../core/contract/job.js';
import type { PlannedStep } from './attempt.repository.js';

/** A composite job, as its row stands. */
export interface SteppedJob {
  readonly status: JobStatus;
  readonly outcome: JobOutcome | null;
  readonly step: number;
  readonly steps: readonly PlannedStep[];
  /** What the steps gave so far, in their order; undefined where the person it is about was erased. */
  readonly results: readonly unknown[];
}

/** The steps of a composite job as its owner reads them: those before the current one are done, those behind it wait for it. */
export function toSteps({ status, outcome, step, steps, results }: SteppedJob): JobStep[] {
  return steps.map(({ type, label }, index): JobStep => {
    const result = results[index];
    const named = { type, label, ...(result !== undefined && { result }) };
    if (index < step || status === 'completed') return { ...named, status: 'completed', outcome: 'applied' };
    if (index > step) return { ...named, status: status === 'cancelled' ? 'cancelled' : 'pending' };
    // The job as a whole is `partial` by what came before; this step itself had no effect.
    const own = outcome === 'partial' ? 'not_applied' : outcome;
    return { ...named, status, ...(own !== null && { outcome: own }) };
  });
}
