import { noOpco } from '../core/events.js';
import type { SequencedEvent, SequencedEventSink } from '../events/sequencer.js';
import type { Sql } from '../platform/database/database.js';

/**
 * Owes each numbered event to every active webhook of its tenant that subscribed to its type and OPCO. The webhooks are held
 * meanwhile: one that is being disabled, paused or deleted is either owed the event before, and called off, or not at all.
 */
export class FanOut implements SequencedEventSink {
  /** `wake` starts the deliveries of this process. */
  constructor(private readonly wake: () => void) {}

  async take(sql: Sql, events: readonly SequencedEvent[]): Promise<void> {
    await sql.query(
      `INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence)
       SELECT e.tenant_hash, w.id, e.id, e.subject, e.sequence
       FROM events e JOIN webhooks w ON w.tenant_hash = e.tenant_hash AND w.status = 'active'
       WHERE e.id = ANY ($1::uuid[])
         AND CASE WHEN e.type = 'webhook.test' THEN w.id::text = e.data->>'webhookId'
             ELSE e.type = ANY (w.events) AND (w.opco_id IS NULL OR w.opco_id = e.opco_id OR e.opco_id = $2) END
       FOR SHARE OF w
       ON CONFLICT (webhook_id, event_id) DO NOTHING`,
      [events.map((event) => event.id), noOpco],
    );
  }

  committed(): void {
    this.wake();
  }
}
