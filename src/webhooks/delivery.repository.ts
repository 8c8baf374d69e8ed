import type { Sql } from '../platform/database/database.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import type { EndpointHealth } from './health.js';
import type { AfterAttempt } from './next-attempt.js';

/** One line of the log of a delivery, as the tenant reads it. */
export interface AttemptEntry {
  readonly at: string;
  readonly status: number | null;
  /** Null when no answer came: how long that took tells of networks that are none of the tenant's business. */
  readonly durationMs: number | null;
  /** Null when delivered; one word for every way of not answering. */
  readonly reason: 'status' | 'gone' | 'unreachable' | null;
  /** The redacted beginning of the answer; absent when there was none. */
  readonly answer?: string;
}

/** Attempts of one delivery that are remembered one by one, however often it is replayed; the first go first. */
const longestLog = 50;

/** What makes a webhook as sound as a new one, as assignments. */
export const soundAgain =
  'consecutive_failures = 0, failed_probes = 0, failing_since = NULL, patience_since = NULL, next_probe_at = NULL';

/** Whether to wait for a row that somebody else is changing, or to leave it out. */
export type Patience = 'waiting' | 'passing over';

const locking = (strength: string, patience: Patience) =>
  patience === 'waiting' ? strength : `${strength} SKIP LOCKED`;

/** An attempt that has ended: `before` is the delivery as it was claimed. */
export interface EndedAttempt {
  readonly delivery: Pick<ClaimedDelivery, 'id' | 'attempts' | 'webhookId'>;
  readonly entry: AttemptEntry;
  readonly after: AfterAttempt;
}

/** The rows are found by their ids alone: whoever trusts statistics of what is pending is wrong in every burst. */
const recordStatement = (patience: Patience) => `
  WITH ended AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::float8[], $7::jsonb[])
      AS e (id, attempts, status, last_status, last_reason, wait_ms, entry)
  ), held AS MATERIALIZED (
    SELECT id, attempts, status FROM webhook_deliveries WHERE id = ANY ($1::uuid[]) ${locking('FOR NO KEY UPDATE', patience)}
  )
  UPDATE webhook_deliveries d SET
    status = e.status, attempts = d.attempts + 1, claimed_until = NULL, last_status = e.last_status, last_reason = e.last_reason,
    next_attempt_at = now() + make_interval(secs => e.wait_ms / 1000),
    attempt_log = CASE WHEN jsonb_array_length(d.attempt_log) >= $8 THEN d.attempt_log - 0 ELSE d.attempt_log END
                  || jsonb_build_array(e.entry),
    delivered_at = CASE WHEN e.status = 'delivered' THEN now() END
  FROM held JOIN ended e ON e.id = held.id AND e.attempts = held.attempts AND held.status = 'pending'
  WHERE d.id = held.id RETURNING d.id`;

/**
 * Writes what became of attempts, all by one statement, and gives the ids of the deliveries for which that is true now. The others
 * have moved on without us (deleted, cancelled, taken over) or, when passing over, are being changed by somebody else.
 */
export async function recordAttempts(
  sql: Sql,
  ended: readonly EndedAttempt[],
  patience: Patience,
): Promise<ReadonlySet<string>> {
  if (ended.length === 0) return new Set();
  const rows = await sql.query<{ id: string }>(recordStatement(patience), [
    ended.map(({ delivery }) => delivery.id),
    ended.map(({ delivery }) => delivery.attempts),
    ended.map(({ after }) => after.status),
    ended.map(({ entry }) => entry.status),
    ended.map(({ entry }) => entry.reason),
    ended.map(({ after }) => (after.status === 'pending' ? after.retryInMs : 0)),
    ended.map(({ entry }) => JSON.stringify(entry)),
    longestLog,
  ]);
  return new Set(rows.map(({ id }) => id));
}

interface HealthRow {
  readonly id: string;
  /** Null while somebody else holds the webhook. */
  readonly held: string | null;
  readonly consecutive_failures: number;
  readonly failed_probes: number;
  readonly failing_since: Date | null;
  readonly patience_since: Date | null;
}

const holdStatement = (patience: Patience) => `
  WITH held AS MATERIALIZED (
    SELECT id, consecutive_failures, failed_probes, failing_since, patience_since FROM webhooks
    WHERE id = ANY ($1::uuid[]) AND (consecutive_failures > 0 OR id = ANY ($2::uuid[]))
    ORDER BY id ${locking('FOR NO KEY UPDATE', patience)}
  )
  SELECT w.id, h.id AS held, h.consecutive_failures, h.failed_probes, h.failing_since, h.patience_since
  FROM webhooks w LEFT JOIN held h ON h.id = w.id
  WHERE w.id = ANY ($1::uuid[]) AND (w.consecutive_failures > 0 OR w.id = ANY ($2::uuid[]))`;

/**
 * The health of those webhooks that these attempts change: which failed now, or had failed before. Held until the end of the
 * transaction, before any delivery is, as everybody does; null where somebody else holds it.
 */
export async function holdHealths(
  sql: Sql,
  ended: readonly EndedAttempt[],
  patience: Patience,
): Promise<Map<string, EndpointHealth | null>> {
  const failed = ended.filter(({ after }) => after.status !== 'delivered');
  const rows = await sql.query<HealthRow>(holdStatement(patience), [
    [...new Set(ended.map(({ delivery }) => delivery.webhookId))],
    [...new Set(failed.map(({ delivery }) => delivery.webhookId))],
  ]);
  return new Map(rows.map((row) => [row.id, row.held === null ? null : healthOf(row)]));
}

function healthOf(row: HealthRow): EndpointHealth {
  return {
    consecutiveFailures: row.consecutive_failures,
    failedProbes: row.failed_probes,
    failingSince: row.failing_since?.getTime() ?? null,
    patienceSince: row.patience_since?.getTime() ?? null,
  };
}

/** What is known of a webhook after its attempts, and how long it is left alone, if it is. */
export interface HealthAfter {
  readonly webhookId: string;
  readonly health: EndpointHealth;
  readonly pauseMs: number | null;
}

/** Keeps healths; the pause before the next probe begins now, by PostgreSQL's clock. */
export async function writeHealths(sql: Sql, healths: readonly HealthAfter[]): Promise<void> {
  if (healths.length === 0) return;
  const moment = (at: number | null) => (at === null ? null : new Date(at));
  await sql.query(
    `UPDATE webhooks w SET consecutive_failures = h.failures, failed_probes = h.probes, failing_since = h.failing,
       patience_since = h.patience, next_probe_at = now() + make_interval(secs => h.pause_ms / 1000)
     FROM unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::float8[])
       AS h (id, failures, probes, failing, patience, pause_ms) WHERE w.id = h.id`,
    [
      healths.map(({ webhookId }) => webhookId),
      healths.map(({ health }) => health.consecutiveFailures),
      healths.map(({ health }) => health.failedProbes),
      healths.map(({ health }) => moment(health.failingSince)),
      healths.map(({ health }) => moment(health.patienceSince)),
      healths.map(({ pauseMs }) => pauseMs),
    ],
  );
}

/** Calls off everything still owed to a webhook. */
export async function cancelDeliveries(sql: Sql, webhookId: string): Promise<void> {
  await sql.query(
    `UPDATE webhook_deliveries SET status = 'cancelled', claimed_until = NULL WHERE webhook_id = $1 AND status = 'pending'`,
    [webhookId],
  );
}
