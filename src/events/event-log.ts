import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';

/** Writes events beside the change that makes them true; the sequencer numbers them after commit. */
export class EventLog {
  /** The id of the event, which receivers see as `webhook-id`. Announce the commit through `CommitSignal`. */
  async append(sql: Sql, tenant: TenantHash, event: NewEvent): Promise<string> {
    const id = randomUUID();
    await sql.query(
      'INSERT INTO events (id, tenant_hash, opco_id, type, subject, data) VALUES ($1, $2, $3, $4, $5, $6)',
      [id, tenant, event.opcoId, event.type, event.subject, JSON.stringify(event.data)],
    );
    return id;
  }
}
