import type { Sql } from '../platform/database/database.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import { type EndpointHealth, healthy } from './health.js';
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

/** A success makes the webhook sound again. It is written before the delivery, as everybody locks a webhook before its deliveries. */
const recordStatement = `
  WITH healed AS (
    UPDATE webhooks SET ${soundAgain}
    WHERE id = $9 AND $3 = 'delivered' AND consecutive_failures > 0 RETURNING 1
  )
  UPDATE webhook_deliveries SET
    status = $3, attempts = attempts + 1, claimed_until = NULL, last_status = $4, last_reason = $5,
    next_attempt_at = now() + make_interval(secs => $6::double precision / 1000),
    attempt_log = CASE WHEN jsonb_array_length(attempt_log) >= $8 THEN attempt_log - 0 ELSE attempt_log END
                  || jsonb_build_array($7::jsonb),
    delivered_at = CASE WHEN $3 = 'delivered' THEN now() END
  WHERE id = $1 AND attempts = $2 AND status = 'pending' AND (SELECT count(*) FROM healed) >= 0 RETURNING id`;

/** Writes what became of an attempt; false when the delivery has moved on without us (deleted, cancelled, taken over). */
export async function recordAttempt(
  sql: Sql,
  delivery: ClaimedDelivery,
  entry: AttemptEntry,
  after: AfterAttempt,
): Promise<boolean> {
  const rows = await sql.query(recordStatement, [
    delivery.id,
    delivery.attempts,
    after.status,
    entry.status,
    entry.reason,
    after.status === 'pending' ? after.retryInMs : 0,
    JSON.stringify(entry),
    longestLog,
    delivery.webhookId,
  ]);
  return rows.length > 0;
}

interface HealthRow {
  readonly consecutive_failures: number;
  readonly failed_probes: number;
  readonly failing_since: Date | null;
  readonly patience_since: Date | null;
}

/** The health of a webhook, held until the end of the transaction: failures that end together are counted one by one. */
export async function lockHealth(sql: Sql, webhookId: string): Promise<EndpointHealth> {
  const [row] = await sql.query<HealthRow>(
    `SELECT consecutive_failures, failed_probes, failing_since, patience_since FROM webhooks WHERE id = $1 FOR NO KEY UPDATE`,
    [webhookId],
  );
  if (!row) return healthy;
  return {
    consecutiveFailures: row.consecutive_failures,
    failedProbes: row.failed_probes,
    failingSince: row.failing_since?.getTime() ?? null,
    patienceSince: row.patience_since?.getTime() ?? null,
  };
}

/** Keeps a health; the pause before the next probe begins now, by PostgreSQL's clock. */
export async function writeHealth(
  sql: Sql,
  webhookId: string,
  { health, pauseMs }: { readonly health: EndpointHealth; readonly pauseMs: number | null },
): Promise<void> {
  const moment = (at: number | null) => (at === null ? null : new Date(at));
  await sql.query(
    `UPDATE webhooks SET consecutive_failures = $2, failed_probes = $3, failing_since = $4, patience_since = $5,
       next_probe_at = now() + make_interval(secs => $6::double precision / 1000)
     WHERE id = $1`,
    [
      webhookId,
      health.consecutiveFailures,
      health.failedProbes,
      moment(health.failingSince),
      moment(health.patienceSince),
      pauseMs,
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
