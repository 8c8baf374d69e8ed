import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';

/** Writes events beside the change that makes them true; the sequencer numbers them after commit. */
export class EventLog {
  /** The id of the event, which receivers see as `webhook-id`. Announce the commit through `CommitSignal`. */
  async append(sql: Sql, tenant: TenantHash, event: NewEvent): Promise<string> {
    const id = randomUUID();
    await this.#insert(sql, tenant, [{ ...event, id }]);
    return id;
  }

  /** The same for several, which are numbered in this order, by one statement. */
  async appendAll(sql: Sql, tenant: TenantHash, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    await this.#insert(
      sql,
      tenant,
      events.map((event) => ({ ...event, id: randomUUID() })),
    );
  }

  async #insert(sql: Sql, tenant: TenantHash, events: readonly (NewEvent & { readonly id: string })[]): Promise<void> {
    await sql.query(
      `INSERT INTO events (id, tenant_hash, opco_id, type, subject, data)
       SELECT id, $1, opco_id, type, subject, data
       FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) WITH ORDINALITY
         AS e(id, opco_id, type, subject, data, place) ORDER BY place`,
      [
        tenant,
        events.map(({ id }) => id),
        events.map(({ opcoId }) => opcoId),
        events.map(({ type }) => type),
        events.map(({ subject }) => subject),
        events.map(({ data }) => JSON.stringify(data)),
      ],
    );
  }
}
