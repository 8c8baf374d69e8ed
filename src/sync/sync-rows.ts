import type { SyncReport, SyncStatus, SyncSummary, SyncView } from '../core/contract/sync.js';
import { catalogue, type ErrorCode } from '../core/errors.js';
import type { WaitReason } from './judge-failure.js';
import { secondsLeft } from './pace.js';

/** What a synchronisation has done so far; `rate` in dossiers per second. */
export interface StoredProgress {
  readonly seen: number;
  readonly done: number;
  readonly new: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly batches: number;
  readonly rate: number | null;
}

/** Of one that has not begun. */
export const noProgress: StoredProgress = {
  ...{ seen: 0, done: 0, new: 0, changed: 0, unchanged: 0, failed: 0, batches: 0, rate: null },
};

/** The columns of `sync_jobs` that its owner is shown. */
export interface SyncRow {
  readonly id: string;
  readonly opco_id: string;
  readonly status: SyncStatus;
  readonly phase: 'discovery' | 'details';
  readonly waiting: WaitReason | null;
  readonly run_at: Date;
  readonly progress: Partial<StoredProgress>;
  readonly report: SyncReport | null;
  readonly error_code: ErrorCode | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly updated_at: Date;
  readonly completed_at: Date | null;
  readonly now: Date;
}

/** The names behind `SyncRow`. */
export const syncColumns =
  'id, opco_id, status, phase, waiting, run_at, progress, report, error_code, created_at, started_at, updated_at, ' +
  'completed_at, now() AS now';

/** A row as a line of the list. Rate and ETA are shown while dossiers are read: of anything else they would not be true. */
export function toSummary(row: SyncRow): SyncSummary {
  const waits = row.status === 'running' && row.waiting !== null;
  return {
    syncId: row.id,
    opcoId: row.opco_id as SyncSummary['opcoId'],
    status: row.status,
    phase: row.phase,
    ...(waits && row.waiting && { waiting: { reason: row.waiting, until: row.run_at.toISOString() } }),
    progress: progressOf(row, row.status === 'running' && row.phase === 'details' && !waits),
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    updatedAt: row.updated_at.toISOString(),
    completedAt: row.completed_at?.toISOString() ?? null,
  };
}

/** A row with its report, and why it failed. */
export function toView(row: SyncRow): SyncView {
  return {
    ...toSummary(row),
    report: row.report,
    ...(row.status === 'failed' &&
      row.error_code !== null && { error: { code: row.error_code, detail: reasonOf(row.error_code, row.opco_id) } }),
  };
}

/** Why a synchronisation failed, in French; no word of an OPCO. */
export function reasonOf(code: ErrorCode, opcoId: string): string {
  if (code === 'UPSTREAM_AUTH')
    return `L'OPCO refuse la clé du CFA, ou aucune n'est enregistrée : enregistrez-la par PUT /${opcoId}/credentials, puis reprenez.`;
  if (code === 'NOT_SUPPORTED') return "L'OPCO n'offre plus les routes qu'il faut.";
  if (code === 'UPSTREAM_INVALID') return "La liste de l'OPCO est restée inexploitable ; reprenez plus tard.";
  return `${catalogue[code].title} ; reprenez plus tard.`;
}

function progressOf(row: SyncRow, reading: boolean): SyncSummary['progress'] {
  const { done, seen, batches, rate } = { ...noProgress, ...row.progress };
  const left = reading ? secondsLeft(seen - done, rate) : null;
  return {
    done,
    total: row.phase === 'discovery' ? null : seen,
    seen,
    batches,
    rate: reading && rate !== null ? Math.round(rate * 100) / 100 : null,
    eta: left === null ? null : new Date(row.now.getTime() + left * 1000).toISOString(),
  };
}
