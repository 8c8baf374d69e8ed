import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { WebhookDelivery, WebhookDeliveryPage, WebhookTest } from '../core/contract/webhook.js';
import { badCursor, type PageQuestion } from '../core/cursor.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { deliverySelection, type DeliveryRow, deliveryView } from './delivery-view.js';
import { noOpco } from '../core/events.js';

/** Which deliveries are wanted. */
export interface DeliveryQuestion extends PageQuestion {
  readonly status?: WebhookDelivery['status'];
}

/** What became of the events of a webhook, and its trial. */
export class DeliveryLogRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly ports: { readonly audit: AuditTrail; readonly events: EventLog; readonly signal: CommitSignal },
  ) {
    super(database);
  }

  /** Newest first; NOT_FOUND for a webhook that is not the tenant's. */
  async list(
    tenant: TenantHash,
    webhookId: string,
    { cursor, limit, status }: DeliveryQuestion,
  ): Promise<WebhookDeliveryPage> {
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw badCursor();
    return this.within(tenant, async (sql) => {
      await statusOf(sql, tenant, webhookId);
      const rows = await sql.query<DeliveryRow>(
        `${deliverySelection}
         WHERE d.tenant_hash = $1 AND d.webhook_id = $2::uuid AND ($3::bigint IS NULL OR d.sequence < $3)
           AND ($4::text IS NULL OR d.status = $4)
         ORDER BY d.sequence DESC LIMIT $5`,
        [tenant, webhookId, cursor ?? null, status ?? null, limit + 1],
      );
      const data = rows.slice(0, limit).map(deliveryView);
      return { data, nextCursor: rows.length > limit ? String(data.at(-1)?.sequence) : null };
    });
  }

  /** Sends a `webhook.test` to this webhook alone, whatever it subscribed to; CONFLICT while it is not active. */
  async test(tenant: TenantHash, webhookId: string, author: Author): Promise<WebhookTest> {
    const eventId = await this.within(tenant, async (sql) => {
      if ((await statusOf(sql, tenant, webhookId)) !== 'active') {
        throw fail('CONFLICT', { detail: "Le webhook n'est pas actif ; réactivez-le avant de l'essayer." });
      }
      const object = `webhook:${webhookId}`;
      const eventId = await this.ports.events.append(sql, tenant, {
        type: 'webhook.test',
        opcoId: noOpco,
        subject: object,
        data: { webhookId },
      });
      await this.ports.audit.write(sql, { tenant, action: 'webhook.tested', object, result: 'ok', ...author });
      return eventId;
    });
    this.ports.signal.announce();
    return { eventId };
  }
}

async function statusOf(sql: Sql, tenant: TenantHash, webhookId: string): Promise<string> {
  const [row] = await sql.query<{ status: string }>(
    'SELECT status FROM webhooks WHERE tenant_hash = $1 AND id::text = $2',
    [tenant, webhookId],
  );
  if (!row) throw fail('NOT_FOUND');
  return row.status;
}
