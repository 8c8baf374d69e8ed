import type { JobEventData } from '../core/contract/event-data.js';

/** What the end of a job is told with: identifiers and states only. */
export interface JobEnd {
  readonly jobId: string;
  /** As the row has it: one of the types of deposit. */
  readonly type: string;
  readonly opcoId: string;
  readonly status: JobEventData['status'];
  /** Absent while nothing is certain: a step of several is done. */
  readonly outcome?: NonNullable<JobEventData['outcome']>;
  /** The OPCO's canonical answer; only its `numeroInterne` is told. */
  readonly answer?: unknown;
}

/** Which deposit an event is about. A row has both as text: the route let no other type and no other OPCO in. */
export function namedDeposit({ jobId, type, opcoId }: Pick<JobEnd, 'jobId' | 'type' | 'opcoId'>) {
  return { jobId, type, opcoId } as Pick<JobEventData, 'jobId' | 'type' | 'opcoId'>;
}

/** What jsonb cannot hold is no number of anything. The `data` of job.completed, job.failed, job.needs_review and job.progress. */
export function jobEventData({ answer, status, outcome, ...job }: JobEnd): JobEventData {
  const numero =
    typeof answer === 'object' && answer !== null && 'numeroInterne' in answer ? answer.numeroInterne : undefined;
  return {
    ...namedDeposit(job),
    status,
    ...(outcome && { outcome }),
    ...(typeof numero === 'string' && !/\p{Cc}|\p{Cs}/u.test(numero) && { numeroInterne: numero }),
  };
}
