import type { EventType } from '../core/events.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { Leadership } from '../platform/database/leadership.js';

/** An event that has its number. */
export interface SequencedEvent {
  readonly id: string;
  readonly tenant: TenantHash;
  readonly type: EventType;
  readonly opcoId: string;
  /** Per tenant, from 1, without a gap. */
  readonly sequence: number;
}

/** Whoever owes something to each numbered event. */
export interface SequencedEventSink {
  /** Writes what is owed, in the transaction that gives the numbers: both are true or neither is. */
  take(sql: Sql, events: readonly SequencedEvent[]): Promise<void>;
  /** Told after the commit. */
  committed(): void;
}

/** The duty of which one instance at a time is the holder. */
export const sequencerDuty = 'event-sequencer';

interface NumberedRow {
  readonly id: string;
  readonly tenant_hash: string;
  readonly type: EventType;
  readonly opco_id: string;
  readonly sequence: string;
}

/**
 * Gives committed events their numbers, one instance at a time.
 *
 *     appended (sequence null) ──commit──▶ visible ──round──▶ numbered + fanned out, in one transaction
 *
 * Numbers follow what is visible: an event whose transaction commits late is numbered late, whatever its ordinal. Two
 * events of one subject come from transactions in a row, so their numbers keep their order. Should a former leader
 * still be writing, the row locks make the other wait and pass over what has its number.
 */
export class Sequencer {
  constructor(
    private readonly database: Database,
    private readonly leadership: Leadership,
    private readonly sinks: readonly SequencedEventSink[],
    private readonly batch = 500,
  ) {}

  /** One round; true when it filled its batch, so that more may wait. */
  async round(): Promise<boolean> {
    if (!(await this.leadership.hold(sequencerDuty))) return false;
    const numbered = await this.database.asSystem(async (sql) => {
      const events = await this.#number(sql);
      if (events.length > 0) for (const sink of this.sinks) await sink.take(sql, events);
      return events.length;
    });
    if (numbered > 0) for (const sink of this.sinks) sink.committed();
    return numbered === this.batch;
  }

  /** Lets another instance take over at once. */
  resign(): Promise<void> {
    return this.leadership.resign(sequencerDuty);
  }

  async #number(sql: Sql): Promise<SequencedEvent[]> {
    const rows = await sql.query<NumberedRow>(
      `WITH fresh AS MATERIALIZED (
         SELECT id, tenant_hash, ordinal FROM events WHERE sequence IS NULL ORDER BY ordinal LIMIT $1 FOR UPDATE
       ), counted AS (
         INSERT INTO event_sequences AS s (tenant_hash, last)
           SELECT tenant_hash, count(*) FROM fresh GROUP BY tenant_hash ORDER BY tenant_hash
         ON CONFLICT (tenant_hash) DO UPDATE SET last = s.last + excluded.last
         RETURNING tenant_hash, last
       ), numbered AS (
         SELECT f.id, c.last - count(*) OVER of_tenant
                + row_number() OVER (PARTITION BY f.tenant_hash ORDER BY f.ordinal) AS sequence
         FROM fresh f JOIN counted c USING (tenant_hash)
         WINDOW of_tenant AS (PARTITION BY f.tenant_hash)
       )
       UPDATE events e SET sequence = n.sequence FROM numbered n WHERE e.id = n.id
       RETURNING e.id, e.tenant_hash, e.type, e.opco_id, e.sequence`,
      [this.batch],
    );
    return rows.map((row) => ({
      id: row.id,
      tenant: readTenantHash(row.tenant_hash),
      type: row.type,
      opcoId: row.opco_id,
      sequence: Number(row.sequence),
    }));
  }
}
