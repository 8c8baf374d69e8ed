import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { EventType } from '../core/events.js';
import type { WebhookDelivery } from '../core/contract/webhook.js';
import type { WebhookRecovered, WebhookRecovery } from '../core/contract/webhook-operations.js';
import type { Clock } from '../core/clock.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { deliverySelection, type DeliveryRow, deliveryView } from './delivery-view.js';
import { noOpco } from '../core/events.js';

/** What bringing back works with. */
export interface RedeliveryPorts {
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Deliveries that one call brings back at most. */
  readonly batch: number;
  /** Days that events are kept. */
  readonly keptDays: number;
}

/** One delivery of one webhook. */
export interface DeliveryAddress {
  readonly webhookId: string;
  readonly deliveryId: string;
}

interface WebhookState {
  readonly status: string;
  readonly events: EventType[];
  readonly opco_id: string | null;
}

/** A new run through the schedule; what was attempted before counts on, and the order of its subject holds for it again. */
const newRun = `status = 'pending', run_from = attempts, next_attempt_at = now(), claimed_until = NULL, delivered_at = NULL`;

/** $1 tenant, $2 webhook, $3 since, $4 until, $5 types, $6 OPCO, $7 of no OPCO. A trial belongs to the webhook it tried alone. */
const recoverable = `
  FROM events e LEFT JOIN webhook_deliveries d ON d.webhook_id = $2::uuid AND d.event_id = e.id
  WHERE e.tenant_hash = $1 AND e.sequence IS NOT NULL AND e.at >= $3 AND e.at < $4
    AND e.type = ANY ($5::text[]) AND e.type <> 'webhook.test' AND ($6::text IS NULL OR e.opco_id = $6 OR e.opco_id = $7)
    AND (d.id IS NULL OR d.status IN ('failed', 'cancelled'))`;

/** Brings deliveries back that failed, were called off, or were never owed: the same id, the same bytes, in their order. */
export class RedeliveryRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly ports: RedeliveryPorts,
  ) {
    super(database);
  }

  /** Makes one delivery again, whatever became of it; CONFLICT while it is under way, or when its webhook gets nothing. */
  replay(tenant: TenantHash, { webhookId, deliveryId }: DeliveryAddress, author: Author): Promise<WebhookDelivery> {
    return this.within(tenant, async (sql) => {
      const { status } = await lockWebhook(sql, tenant, webhookId);
      const one = [tenant, webhookId, deliveryId];
      const where = 'd.tenant_hash = $1 AND d.webhook_id = $2::uuid AND d.id = $3::uuid';
      const [before] = await sql.query<{ status: string }>(
        `SELECT status FROM webhook_deliveries d WHERE ${where} FOR NO KEY UPDATE`,
        one,
      );
      if (!before) throw fail('NOT_FOUND');
      assertOpen(status);
      if (before.status === 'pending') throw fail('CONFLICT', { detail: 'Cet envoi est déjà en file.' });
      await sql.query(`UPDATE webhook_deliveries d SET ${newRun} WHERE ${where}`, one);
      await this.#trace(sql, { tenant, webhookId, action: 'webhook.replayed', author, details: { deliveryId } });
      const [row] = await sql.query<DeliveryRow>(`${deliverySelection} WHERE ${where}`, one);
      if (!row) throw fail('NOT_FOUND');
      return deliveryView(row);
    });
  }

  /**
   * Owes one batch, oldest first, of what happened in the time given and did not reach the webhook. What is owed already, or was
   * delivered, is left alone: the same call again goes on where this one ended.
   */
  async recover(
    tenant: TenantHash,
    webhookId: string,
    wanted: WebhookRecovery & { readonly author: Author },
  ): Promise<WebhookRecovered> {
    const now = this.ports.clock.now();
    const kept = new Date(now - this.ports.keptDays * 86_400_000);
    const since = new Date(wanted.since);
    const until = wanted.until === undefined ? new Date(now) : new Date(wanted.until);
    if (until <= since) throw backwards();
    const { values, again, missed } = await this.within(tenant, async (sql) => {
      const webhook = await lockWebhook(sql, tenant, webhookId);
      assertOpen(webhook.status);
      const { events = webhook.events, opcoId = webhook.opco_id } = wanted;
      // What is older is being purged at this very moment.
      const from = since > kept ? since : kept;
      const asked = [tenant, webhookId, from, until, events, opcoId, noOpco];
      const owed = await this.#owe(sql, asked);
      await this.#trace(sql, {
        ...{ tenant, webhookId, action: 'webhook.recovered', author: wanted.author },
        details: owed,
      });
      return { values: asked, ...owed };
    });
    // Without the lock: whoever numbers events waits for it, and a long history takes a while to count.
    const left = await this.within(tenant, (sql) =>
      sql.query<{ n: number }>(`SELECT count(*)::int AS n ${recoverable}`, values),
    );
    return { queued: again + missed, again, missed, remaining: left[0]?.n ?? 0, keptSince: kept.toISOString() };
  }

  async #owe(sql: Sql, values: readonly unknown[]): Promise<{ again: number; missed: number }> {
    const [counts] = await sql.query<{ again: number; missed: number }>(
      `WITH wanted AS MATERIALIZED (
         SELECT e.id AS event_id, e.subject, e.sequence, d.id AS delivery_id ${recoverable} ORDER BY e.sequence LIMIT $8
       ), again AS (
         UPDATE webhook_deliveries SET ${newRun} WHERE id IN (SELECT delivery_id FROM wanted) RETURNING 1
       ), missed AS (
         INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence)
           SELECT $1, $2::uuid, event_id, subject, sequence FROM wanted WHERE delivery_id IS NULL
         ON CONFLICT (webhook_id, event_id) DO NOTHING RETURNING 1
       )
       SELECT (SELECT count(*)::int FROM again) AS again, (SELECT count(*)::int FROM missed) AS missed`,
      [...values, this.ports.batch],
    );
    return counts ?? { again: 0, missed: 0 };
  }

  #trace(sql: Sql, { tenant, webhookId, action, author, details }: Change): Promise<void> {
    const object = `webhook:${webhookId}`;
    return this.ports.audit.write(sql, { tenant, action, object, result: 'ok', details, ...author });
  }
}

interface Change extends Pick<DeliveryAddress, 'webhookId'> {
  readonly tenant: TenantHash;
  readonly action: 'webhook.replayed' | 'webhook.recovered';
  readonly author: Author;
  readonly details: Readonly<Record<string, string | number>>;
}

/** Held to the end of the transaction, so that a webhook that is being disabled is not owed anything more. */
async function lockWebhook(sql: Sql, tenant: TenantHash, webhookId: string): Promise<WebhookState> {
  const [row] = await sql.query<WebhookState>(
    'SELECT status, events, opco_id FROM webhooks WHERE tenant_hash = $1 AND id = $2::uuid FOR NO KEY UPDATE',
    [tenant, webhookId],
  );
  if (!row) throw fail('NOT_FOUND');
  return row;
}

function assertOpen(status: string): void {
  if (status === 'active' || status === 'paused') return;
  const first =
    status === 'disabled' ? 'Le webhook est désactivé ; réactivez-le' : "Le webhook n'est pas vérifié ; vérifiez-le";
  throw fail('CONFLICT', { detail: `${first} d'abord.` });
}

function backwards(): Error {
  return fail('VALIDATION_ERROR', {
    findings: [{ pointer: '/until', code: 'order', message: 'La fin vient après le début (`since`).' }],
  });
}
