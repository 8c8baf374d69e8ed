import type { WebhookDelivery } from '../core/contract/webhook.js';

/** A row of `webhook_deliveries` with its event, as its owner may see it. */
export interface DeliveryRow {
  readonly id: string;
  readonly event_id: string;
  readonly type: WebhookDelivery['event'];
  readonly opco_id: string;
  readonly sequence: string;
  readonly status: WebhookDelivery['status'];
  readonly attempt_log: WebhookDelivery['attempts'];
  readonly next_attempt_at: Date;
  readonly created_at: Date;
  readonly delivered_at: Date | null;
}

/** Selects `DeliveryRow`s, as far as the WHERE; the deliveries are `d`. */
export const deliverySelection = `
  SELECT d.id, d.event_id, e.type, e.opco_id, d.sequence, d.status, d.attempt_log, d.next_attempt_at, d.created_at, d.delivered_at
  FROM webhook_deliveries d JOIN events e ON e.id = d.event_id`;

/** A delivery in the words of the contract. */
export function deliveryView(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    eventId: row.event_id,
    event: row.type,
    opcoId: row.opco_id,
    sequence: Number(row.sequence),
    status: row.status,
    attempts: row.attempt_log,
    nextAttemptAt: row.status === 'pending' ? row.next_attempt_at.toISOString() : null,
    createdAt: row.created_at.toISOString(),
    deliveredAt: row.delivered_at?.toISOString() ?? null,
  };
}
