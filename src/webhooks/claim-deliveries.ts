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
  /** Of those, the ones before the replay under way. */
  readonly runFrom: number;
  /** The webhook was being spared: this attempt finds out whether it is back. */
  readonly probe: boolean;
  /** The first attempt under way at a webhook without a failure: the part of the sockets that is kept for those. */
  readonly preferred: boolean;
  /** The same object for all deliveries of it that were claimed together. */
  readonly event: PublicEvent;
}

/** What a webhook may have at most, whatever it asks for, and what the order of subjects means. */
export interface ClaimRules {
  /** Deliveries of one webhook under way at a time. */
  readonly perWebhook: number;
  /** Attempts that one webhook is sent in a second; null sets no bound. */
  readonly perSecond: number | null;
  /** Failures in a row from which on a webhook has one attempt at a time, at its time. */
  readonly breakerFailures: number;
  /** Attempts after which the next event of the subject no longer waits. */
  readonly orderedAttempts: number;
  /** Seconds after which a claim of a vanished process is anybody's. */
  readonly claimSeconds: number;
}

/** How much may be taken now. */
export interface FreeSlots {
  /** In all. */
  readonly all: number;
  /** For whatever is not preferred. */
  readonly others: number;
}

interface ClaimedRow extends Omit<EventRow, 'data'> {
  /** On one row of each event: it is sent and read once, however many webhooks it is owed to. */
  readonly data: EventRow['data'] | null;
  readonly delivery_id: string;
  readonly tenant_hash: string;
  readonly webhook_id: string;
  readonly url: string;
  readonly sealed_secret: string;
  readonly sealed_previous_secret: string | null;
  readonly attempts: number;
  readonly run_from: number;
  readonly probe: boolean;
  readonly preferred: boolean;
  readonly type: EventType;
}

/**
 * Takes deliveries that are due, in the transaction given. The webhooks that come first are locked before: their shares are then
 * counted by a statement that sees what every other process has taken, so that no limit of theirs is ever exceeded. Those that
 * another process is looking at are passed over.
 */
export async function claimDeliveries(sql: Sql, rules: ClaimRules, free: FreeSlots): Promise<ClaimedDelivery[]> {
  const shares = [rules.perWebhook, rules.perSecond, rules.breakerFailures, rules.orderedAttempts];
  const ready = await sql.query<{ id: string }>(readyStatement, [...shares, free.all]);
  if (ready.length === 0) return [];
  const ids = ready.map(({ id }) => id);
  const rows = await sql.query<ClaimedRow>(claimStatement, [...shares, free.all, free.others, ids, rules.claimSeconds]);
  const events = new Map<string, PublicEvent>();
  for (const { data, ...row } of rows) if (data !== null) events.set(row.id, publicEvent({ ...row, data }));
  return rows.flatMap((row) => {
    const event = events.get(row.id);
    return event ? [claimedOf(row, event)] : [];
  });
}

/** A delivery that is due and that nobody holds. */
const dueNow = `d.status = 'pending' AND d.next_attempt_at <= now() AND (d.claimed_until IS NULL OR d.claimed_until <= now())`;

/**
 * Nothing of its subject comes before it that has not gone through its ordered attempts. OFFSET keeps PostgreSQL from joining
 * instead: that reads everything the webhook has waiting, for each delivery again.
 */
const inTurn = `NOT EXISTS (
    SELECT 1 FROM webhook_deliveries e
    WHERE e.webhook_id = d.webhook_id AND e.subject = d.subject AND e.sequence < d.sequence
      AND e.status = 'pending' AND e.attempts - e.run_from < $4 OFFSET 0)`;

/** The webhooks that are owed something: hops from one to the next through the index, however many deliveries one of them has waiting. */
export const busyWebhooks = `busy (webhook_id) AS (
    (SELECT webhook_id FROM webhook_deliveries WHERE status = 'pending' ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT n.webhook_id FROM webhook_deliveries n
            WHERE n.status = 'pending' AND n.webhook_id > b.webhook_id ORDER BY n.webhook_id LIMIT 1)
    FROM busy b WHERE b.webhook_id IS NOT NULL
  )`;

/** How many deliveries of `w` are under way, and how many more may be. */
const shareOfWebhook = `CROSS JOIN LATERAL (
      SELECT count(*)::int AS under_way FROM webhook_deliveries c
      WHERE c.webhook_id = w.id AND c.status = 'pending' AND c.claimed_until > now()
    ) share
    CROSS JOIN LATERAL (
      SELECT CASE WHEN w.consecutive_failures >= $3 THEN 1 - share.under_way
                  ELSE least(least(w.concurrency, $1::int) - share.under_way,
                             least(w.max_per_second, $2::int)
                             - CASE WHEN w.rate_window_at > now() - interval '1 second' THEN w.rate_taken ELSE 0 END)
             END AS room
    ) bounds`;

/**
 * The webhooks whose first delivery comes first, as many as there are slots: the others would get none. What is paused, spared or
 * through with its second costs one row.
 */
const readyStatement = `
  WITH RECURSIVE ${busyWebhooks}
  SELECT w.id FROM busy b JOIN webhooks w ON w.id = b.webhook_id
  ${shareOfWebhook}
  CROSS JOIN LATERAL (
    SELECT d.next_attempt_at FROM webhook_deliveries d
    WHERE d.webhook_id = w.id AND bounds.room > 0 AND ${dueNow} AND ${inTurn}
    ORDER BY d.sequence LIMIT 1
  ) first
  WHERE w.status = 'active'
    AND (w.consecutive_failures < $3 OR w.next_probe_at IS NULL OR w.next_probe_at <= now())
  ORDER BY w.consecutive_failures > 0, share.under_way, first.next_attempt_at LIMIT $5
  FOR NO KEY UPDATE OF w SKIP LOCKED`;

/**
 * Of each webhook no more than its room, and of each of its subjects only the first that has not gone through its ordered
 * attempts. Sound webhooks come before failing ones, and the first delivery of each before the second of any: where there are as
 * many sound ones as slots, nobody's turn is deeper than the first of the busiest of them.
 */
const claimStatement = `
  WITH ready AS MATERIALIZED (
    SELECT w.id, w.tenant_hash, w.url, w.sealed_secret,
           CASE WHEN w.previous_until > now() THEN w.sealed_previous_secret END AS sealed_previous_secret,
           w.consecutive_failures > 0 AS failing, w.consecutive_failures >= $3 AS probe, share.under_way, bounds.room
    FROM webhooks w ${shareOfWebhook}
    WHERE w.id = ANY ($7::uuid[])
  ), depth AS (
    SELECT CASE WHEN count(*) >= $5 THEN max(under_way) + 1 END AS deepest FROM ready WHERE NOT failing AND room > 0
  ), due AS MATERIALIZED (
    SELECT turn.id, turn.next_attempt_at, r.failing, r.probe,
           r.under_way + row_number() OVER (PARTITION BY r.id ORDER BY turn.sequence) AS place
    FROM ready r CROSS JOIN depth
    CROSS JOIN LATERAL (
      SELECT d.id, d.sequence, d.next_attempt_at FROM webhook_deliveries d
      WHERE d.webhook_id = r.id AND ${dueNow} AND ${inTurn}
      ORDER BY d.sequence LIMIT greatest(least(r.room, depth.deepest - r.under_way), 0) FOR UPDATE OF d SKIP LOCKED
    ) turn
  ), ranked AS (
    SELECT due.*, NOT failing AND place = 1 AS preferred,
           row_number() OVER (PARTITION BY NOT failing AND place = 1 ORDER BY failing, place, next_attempt_at) AS rank
    FROM due
  ), chosen AS MATERIALIZED (
    SELECT id, probe, preferred FROM ranked WHERE preferred OR rank <= $6
    ORDER BY failing, place, next_attempt_at LIMIT $5
  ), claimed AS (
    UPDATE webhook_deliveries d SET claimed_until = now() + make_interval(secs => $8)
    FROM chosen WHERE d.id = chosen.id
    RETURNING d.id, d.tenant_hash, d.webhook_id, d.event_id, d.attempts, d.run_from, chosen.probe, chosen.preferred
  ), counted AS (
    UPDATE webhooks w SET
      rate_taken = taken.n + CASE WHEN w.rate_window_at > now() - interval '1 second' THEN w.rate_taken ELSE 0 END,
      rate_window_at = CASE WHEN w.rate_window_at > now() - interval '1 second' THEN w.rate_window_at ELSE now() END
    FROM (SELECT webhook_id, count(*)::int AS n FROM claimed GROUP BY webhook_id) taken
    WHERE w.id = taken.webhook_id AND least(w.max_per_second, $2::int) IS NOT NULL
  )
  SELECT c.id AS delivery_id, c.tenant_hash, c.webhook_id, c.attempts, c.run_from, c.probe, c.preferred,
         r.url, r.sealed_secret, r.sealed_previous_secret,
         e.id, e.type, e.opco_id, e.at, e.sequence,
         CASE WHEN row_number() OVER (PARTITION BY e.id) = 1 THEN e.data END AS data
  FROM claimed c
  JOIN ready r ON r.id = c.webhook_id AND r.tenant_hash = c.tenant_hash
  JOIN events e ON e.id = c.event_id AND e.tenant_hash = c.tenant_hash
  ORDER BY e.sequence`;

function claimedOf(row: ClaimedRow, event: PublicEvent): ClaimedDelivery {
  return {
    id: row.delivery_id,
    tenant: readTenantHash(row.tenant_hash),
    webhookId: row.webhook_id,
    url: row.url,
    sealedSecret: row.sealed_secret,
    sealedPreviousSecret: row.sealed_previous_secret,
    attempts: row.attempts,
    runFrom: row.run_from,
    probe: row.probe,
    preferred: row.preferred,
    event,
  };
}
