import type { EventType } from '../core/events.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';
import { publicEvent, type EventRow, type PublicEvent } from '../events/event-feed.js';
import type { Sql } from '../platform/database/database.js';

/** A delivery that this process has taken for a while. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly tenant: TenantHash;
  readonly webhookId: string;
  readonly url: string;
  readonly sealedSecret: string;
  /** Only while the secret before still signs. */
  readonly sealedPreviousSecret: string | null;
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly event: PublicEvent;
}

/** How much may be taken. */
export interface ClaimLimits {
  /** Deliveries of one webhook under way at a time. */
  readonly perWebhook: number;
  /** Deliveries taken at once in all. */
  readonly free: number;
  /** Attempts after which the next event of the subject no longer waits. */
  readonly orderedAttempts: number;
  /** Seconds after which a claim of a vanished process is anybody's. */
  readonly claimSeconds: number;
}

/** One line of the log of a delivery, as the tenant reads it. */
export interface AttemptEntry {
  readonly at: string;
  readonly status: number | null;
  /** Null when no answer came: how long that took tells of networks that are none of the tenant's business. */
  readonly durationMs: number | null;
  /** Null when delivered; one word for every way of not answering. */
  readonly reason: 'status' | 'gone' | 'unreachable' | null;
}

/** What follows an attempt. */
export type AfterAttempt =
  { readonly status: 'delivered' | 'failed' } | { readonly status: 'pending'; readonly retryInMs: number };

interface ClaimedRow extends EventRow {
  readonly delivery_id: string;
  readonly tenant_hash: string;
  readonly webhook_id: string;
  readonly url: string;
  readonly sealed_secret: string;
  readonly sealed_previous_secret: string | null;
  readonly attempts: number;
  readonly type: EventType;
}

/**
 * Takes deliveries that are due. Each webhook gives at most its share, so that none starves the others, and of each
 * webhook and subject only the first that has not gone through its ordered attempts. What another process is taking at
 * this moment is passed over.
 */
export async function claimDeliveries(sql: Sql, limits: ClaimLimits): Promise<ClaimedDelivery[]> {
  const rows = await sql.query<ClaimedRow>(claimStatement, [
    limits.perWebhook,
    limits.free,
    limits.orderedAttempts,
    limits.claimSeconds,
  ]);
  return rows.map((row) => ({
    id: row.delivery_id,
    tenant: readTenantHash(row.tenant_hash),
    webhookId: row.webhook_id,
    url: row.url,
    sealedSecret: row.sealed_secret,
    sealedPreviousSecret: row.sealed_previous_secret,
    attempts: row.attempts,
    event: publicEvent(row),
  }));
}

/** `busy` hops from webhook to webhook through the index, however many deliveries one of them has waiting. */
const claimStatement = `
  WITH RECURSIVE busy (webhook_id) AS (
    (SELECT webhook_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT n.webhook_id FROM webhook_deliveries n
            WHERE n.status = 'pending' AND n.webhook_id > b.webhook_id ORDER BY n.webhook_id LIMIT 1)
    FROM busy b WHERE b.webhook_id IS NOT NULL
  ), due AS MATERIALIZED (
    SELECT turn.id FROM busy b
    JOIN webhooks w ON w.id = b.webhook_id AND w.status = 'active'
    CROSS JOIN LATERAL (
      SELECT count(*) AS under_way FROM webhook_deliveries c
      WHERE c.webhook_id = w.id AND c.status = 'pending' AND c.claimed_until > now()
    ) share
    CROSS JOIN LATERAL (
      SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
      WHERE d.webhook_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= now()
        AND (d.claimed_until IS NULL OR d.claimed_until <= now())
        AND NOT EXISTS (
          SELECT 1 FROM webhook_deliveries e
          WHERE e.webhook_id = d.webhook_id AND e.subject = d.subject AND e.sequence < d.sequence
            AND e.status = 'pending' AND e.attempts < $3)
      ORDER BY d.sequence LIMIT greatest($1 - share.under_way, 0) FOR UPDATE OF d SKIP LOCKED
    ) turn
    ORDER BY turn.next_attempt_at LIMIT $2
  ), claimed AS (
    UPDATE webhook_deliveries d SET claimed_until = now() + make_interval(secs => $4)
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.tenant_hash, d.webhook_id, d.event_id, d.attempts
  )
  SELECT c.id AS delivery_id, c.tenant_hash, c.webhook_id, c.attempts, w.url, w.sealed_secret,
         CASE WHEN w.previous_until > now() THEN w.sealed_previous_secret END AS sealed_previous_secret,
         e.id, e.type, e.opco_id, e.at, e.data, e.sequence
  FROM claimed c
  JOIN webhooks w ON w.id = c.webhook_id AND w.tenant_hash = c.tenant_hash
  JOIN events e ON e.id = c.event_id AND e.tenant_hash = c.tenant_hash
  ORDER BY e.sequence`;

/** Writes what became of an attempt; false when the delivery has moved on without us (deleted, cancelled, taken over). */
export async function recordAttempt(
  sql: Sql,
  delivery: ClaimedDelivery,
  entry: AttemptEntry,
  after: AfterAttempt,
): Promise<boolean> {
  const retryInMs = after.status === 'pending' ? after.retryInMs : 0;
  const rows = await sql.query(
    `UPDATE webhook_deliveries SET
       status = $3, attempts = attempts + 1, claimed_until = NULL, last_status = $4, last_reason = $5,
       next_attempt_at = now() + make_interval(secs => $6::double precision / 1000),
       attempt_log = attempt_log || jsonb_build_array($7::jsonb),
       delivered_at = CASE WHEN $3 = 'delivered' THEN now() END
     WHERE id = $1 AND attempts = $2 AND status = 'pending' RETURNING id`,
    [delivery.id, delivery.attempts, after.status, entry.status, entry.reason, retryInMs, JSON.stringify(entry)],
  );
  return rows.length > 0;
}

/** Calls off everything still owed to a webhook. */
export async function cancelDeliveries(sql: Sql, webhookId: string): Promise<void> {
  await sql.query(
    `UPDATE webhook_deliveries SET status = 'cancelled', claimed_until = NULL WHERE webhook_id = $1 AND status = 'pending'`,
    [webhookId],
  );
}
