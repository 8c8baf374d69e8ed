import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { dueOrder } from './due-order.js';

/** What is known of the budget of its OPCO: how fast calls may be made, and for how long none may. */
export interface BudgetOutlook {
  readonly callsPerSecond: number;
  readonly pausedSeconds: number;
}

/** A pending deposit. */
export interface WaitingJob {
  readonly id: string;
  readonly opco_id: string;
  readonly pending_reason: string | null;
}

/** Where a deposit stands among the waiting ones of its tenant at its OPCO. */
export interface PlaceInLine {
  /** From 1. */
  readonly position: number;
  /** When it should be over; null when nothing true can be said. */
  readonly eta: string | null;
}

interface PaceRow {
  readonly ended: number;
  readonly seconds: number | null;
}

/** Waits whose end nobody knows: it is not ours to say. */
const openEnded: ReadonlySet<string> = new Set(['credentials', 'configuration', 'opco', 'verification', 'same_object']);
/** Fewer ends than these are an accident, not a pace. */
const leastEnded = 3;

/**
 * Who goes before it in the order in which they are taken: what is in BullMQ and not begun yet, then what is due by the time that
 * it is due itself, by deadline. The others of an OPCO take turns with this tenant: they show in the pace, not in the position.
 */
const aheadOf = `
  SELECT count(o.job_id)::int AS ahead, extract(epoch FROM greatest(mine.run_at - now(), interval '0'))::float8 AS waits
  FROM job_outbox mine LEFT JOIN job_outbox o ON o.opco_id = mine.opco_id AND o.tenant_hash = mine.tenant_hash
    AND o.job_id <> mine.job_id AND (
      (o.enqueued_at IS NOT NULL AND (mine.enqueued_at IS NULL OR (o.enqueued_at, o.job_id) < (mine.enqueued_at, mine.job_id))
        AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = o.job_id AND j.status = 'pending'))
      OR (o.enqueued_at IS NULL AND mine.enqueued_at IS NULL AND o.run_at <= greatest(mine.run_at, now())
        AND (${dueOrder('o')}, o.job_id) < (${dueOrder('mine')}, mine.job_id)))
  WHERE mine.job_id = $1 AND mine.tenant_hash = $2 GROUP BY mine.run_at`;

/**
 * Seconds between two ends of the last ten minutes. Time in which nothing waited is left out: each is counted from the end before
 * it, or from its own acceptance when that came later.
 */
const paceOf = `
  SELECT count(*)::int AS ended, avg(extract(epoch FROM completed_at - greatest(begun, now() - interval '10 minutes')))::float8 AS seconds
  FROM (
    SELECT completed_at, greatest(created_at, lag(completed_at) OVER (ORDER BY completed_at)) AS begun FROM jobs
    WHERE tenant_hash = $1 AND opco_id = $2 AND completed_at > now() - interval '10 minutes'
      AND status IN ('completed', 'failed')
    ORDER BY completed_at DESC LIMIT 200) ended`;

/** The place of a pending job; without its row in the outbox it is about to be taken. */
export async function placeInLine(
  sql: Sql,
  tenant: TenantHash,
  job: WaitingJob,
  outlook?: BudgetOutlook,
): Promise<PlaceInLine> {
  const [row] = await sql.query<{ ahead: number; waits: number }>(aheadOf, [job.id, tenant]);
  const { ahead, waits } = row ?? { ahead: 0, waits: 0 };
  const position = ahead + 1;
  if (job.pending_reason !== null && openEnded.has(job.pending_reason)) return { position, eta: null };
  const [pace] = await sql.query<PaceRow>(paceOf, [tenant, job.opco_id]);
  const inSeconds = secondsTo({ ahead, waits, job, pace }, outlook);
  if (inSeconds === null) return { position, eta: null };
  const [at] = await sql.query<{ eta: Date }>('SELECT now() + make_interval(secs => $1) AS eta', [inSeconds]);
  return { position, eta: at?.eta.toISOString() ?? null };
}

interface Standing {
  readonly ahead: number;
  /** Until it is due. */
  readonly waits: number;
  readonly job: WaitingJob;
  readonly pace: PaceRow | undefined;
}

/**
 * By the pace of late, and never sooner than the budget allows: a call each at the rate that is believed in, after the pause that the
 * OPCO asked for. The budget alone tells only where it is what a deposit waits for.
 */
function secondsTo({ ahead, waits, job, pace }: Standing, outlook: BudgetOutlook | undefined): number | null {
  const each = outlook ? 1 / Math.max(1e-3, outlook.callsPerSecond) : 0;
  const byBudget = Math.max(waits, outlook?.pausedSeconds ?? 0, ahead * each) + each;
  if (pace && pace.seconds !== null && pace.ended >= leastEnded)
    return Math.max(byBudget, Math.max(waits, ahead * pace.seconds) + pace.seconds);
  return outlook && job.pending_reason === 'quota' ? byBudget : null;
}
