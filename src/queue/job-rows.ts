import type { JobOutcome, JobStatus, JobSummary, JobTimelineEntry, JobView } from '../core/contract/job.js';

/** The columns of `jobs` that a summary needs. */
export interface SummaryRow {
  readonly id: string;
  readonly opco_id: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly outcome: JobOutcome | null;
  readonly pending_reason: string | null;
  readonly attempts: number;
  readonly progress: JobView['progress'];
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly completed_at: Date | null;
  readonly purged_at: Date | null;
}

/** The names behind `SummaryRow`. */
export const summaryColumns =
  'id, opco_id, type, status, outcome, pending_reason, attempts, progress, created_at, updated_at, completed_at, purged_at';

/** A row as its owner reads it. `reason` is shown while the job waits for it. */
export function toSummary(row: SummaryRow): JobSummary {
  return {
    jobId: row.id,
    opcoId: row.opco_id as JobSummary['opcoId'],
    type: row.type as JobSummary['type'],
    status: row.status,
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.status === 'pending' &&
      row.pending_reason !== null && { reason: row.pending_reason as NonNullable<JobSummary['reason']> }),
    attempts: row.attempts,
    progress: row.progress,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    completedAt: row.completed_at?.toISOString() ?? null,
    ...(row.purged_at !== null && { purgedAt: row.purged_at.toISOString() }),
  };
}

/** Instants as ISO 8601 in UTC, as everywhere else in the body. */
export function toTimeline(entries: readonly JobTimelineEntry[]): JobTimelineEntry[] {
  return entries.map(({ at, code, texte }) => ({ at: new Date(at).toISOString(), code, texte }));
}

/** Whether a text can be the id of a job at all. */
export function isJobId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
