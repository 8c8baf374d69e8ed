/** What the end of a job is told with: identifiers and states only. */
export interface JobEnd {
  readonly jobId: string;
  readonly type: string;
  readonly opcoId: string;
  readonly status: string;
  /** Absent while nothing is certain: a step of several is done. */
  readonly outcome?: string;
  /** The OPCO's canonical answer; only its `numeroInterne` is told. */
  readonly answer?: unknown;
}

/** What jsonb cannot hold is no number of anything. The `data` of job.completed, job.failed, job.needs_review and job.progress. */
export function jobEventData({ answer, ...end }: JobEnd): Record<string, unknown> {
  const numero =
    typeof answer === 'object' && answer !== null && 'numeroInterne' in answer ? answer.numeroInterne : undefined;
  return { ...end, ...(typeof numero === 'string' && !/\p{Cc}|\p{Cs}/u.test(numero) && { numeroInterne: numero }) };
}
