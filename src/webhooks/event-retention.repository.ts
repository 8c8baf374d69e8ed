import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Sql } from '../platform/database/database.js';

/** Rows removed, or emptied, by kind. */
export interface PurgedEvents {
  readonly events: number;
  readonly deliveries: number;
  readonly webhook_secrets: number;
}

/**
 * Removes events that have been kept long enough, with what became of their deliveries, and secrets that no longer sign. A batch is
 * one transaction and passes over rows that somebody else holds. An event without its number, or still owed to a webhook, stays.
 */
export class EventRetentionRepository {
  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    private readonly audit: Pick<AuditTrail, 'write'>,
    private readonly days: number,
    private readonly batch: number = 500,
  ) {}

  /** One batch of each kind. */
  async purge(): Promise<PurgedEvents> {
    const { events, deliveries } = await this.#events();
    return { events, deliveries, webhook_secrets: await this.#secrets() };
  }

  #events(): Promise<{ events: number; deliveries: number }> {
    return this.database.asSystem(async (sql) => {
      const old = await this.#old(sql);
      if (old.length === 0) return { events: 0, deliveries: 0 };
      const deliveries = await sql.query(
        `DELETE FROM webhook_deliveries WHERE event_id = ANY ($1::uuid[]) AND status <> 'pending' RETURNING 1`,
        [old],
      );
      // A delivery that was replayed meanwhile is seen by this statement.
      const events = await sql.query(
        `DELETE FROM events e WHERE e.id = ANY ($1::uuid[])
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id) RETURNING 1`,
        [old],
      );
      const details = { events: events.length, deliveries: deliveries.length };
      await this.audit.write(sql, {
        ...{ tenant: null, actor: 'system:purge', action: 'events.purged', object: 'events', result: 'ok', details },
      });
      return details;
    });
  }

  async #old(sql: Sql): Promise<string[]> {
    const rows = await sql.query<{ id: string }>(
      `SELECT e.id FROM events e
       WHERE e.at < now() - $1::float8 * interval '1 day' AND e.sequence IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id AND d.status = 'pending')
       ORDER BY e.at LIMIT $2 FOR UPDATE OF e SKIP LOCKED`,
      [this.days, this.batch],
    );
    return rows.map(({ id }) => id);
  }

  #secrets(): Promise<number> {
    return this.database.asSystem(async (sql) => {
      const rows = await sql.query(
        `UPDATE webhooks SET sealed_previous_secret = NULL, previous_until = NULL WHERE previous_until <= now() RETURNING 1`,
      );
      return rows.length;
    });
  }
}
