import { randomUUID } from 'node:crypto';
import type { AuditAction } from '../audit/actions.js';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { WebhookCreated, WebhookDraft, WebhookPage, WebhookPatch, WebhookView } from '../core/contract/webhook.js';
import { readCursor, writeCursor, type PageQuestion } from '../core/cursor.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { AddressPolicy } from './address-policy.js';
import { judgeUrl } from './judge-url.js';
import { newSecret, sealSecret } from './secret.js';

/** What the subscriptions are kept with. */
export interface WebhookPorts {
  readonly ring: KeyRing;
  readonly policy: AddressPolicy;
  readonly audit: AuditTrail;
  readonly perTenant: number;
}

/** A row of `webhooks` as its owner may see it. */
interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly events: WebhookView['events'];
  readonly opco_id: WebhookView['opcoId'];
  readonly status: WebhookView['status'];
  readonly disabled_reason: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = 'id, url, events, opco_id, status, disabled_reason, created_at, updated_at';

/** Subscriptions of a tenant; a change and its audit row are one transaction. A foreign id is NOT_FOUND like an unknown one. */
export class WebhookRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly ports: WebhookPorts,
  ) {
    super(database);
  }

  /** Throws VALIDATION_ERROR on an address that no webhook may have, CONFLICT when the tenant has as many as it may. */
  async create(tenant: TenantHash, draft: WebhookDraft, author: Author): Promise<WebhookCreated> {
    this.#judge(draft.url);
    const id = randomUUID();
    const secret = newSecret();
    return this.within(tenant, async (sql) => {
      await this.#assertRoom(sql, tenant);
      const [row] = await sql.query<WebhookRow>(
        `INSERT INTO webhooks (id, tenant_hash, url, events, opco_id, sealed_secret) VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING ${columns}`,
        [
          id,
          tenant,
          draft.url,
          draft.events,
          draft.opcoId ?? null,
          sealSecret(this.ports.ring, secret, { webhookId: id, tenant }),
        ],
      );
      await this.#trace(sql, { tenant, id, action: 'webhook.created', author });
      return { ...viewOf(row), secret };
    });
  }

  /** Oldest first. */
  list(tenant: TenantHash, { cursor, limit }: PageQuestion): Promise<WebhookPage> {
    const from = cursor === undefined ? undefined : readCursor(cursor);
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<WebhookRow & { micros: string }>(
        `SELECT ${columns}, (extract(epoch FROM created_at) * 1000000)::bigint::text AS micros FROM webhooks
         WHERE tenant_hash = $1
           AND ($2::bigint IS NULL OR (created_at, id) > (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::uuid))
         ORDER BY created_at, id LIMIT $4`,
        [tenant, from?.micros ?? null, from?.id ?? null, limit + 1],
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { data: rows.slice(0, limit).map(viewOf), nextCursor: last ? writeCursor(last) : null };
    });
  }

  get(tenant: TenantHash, id: string): Promise<WebhookView> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<WebhookRow>(
        `SELECT ${columns} FROM webhooks WHERE tenant_hash = $1 AND id::text = $2`,
        [tenant, id],
      );
      return viewOf(row);
    });
  }

  /** What is absent stays. A disabled webhook comes back with `status: active`; what was cancelled stays cancelled. */
  async patch(tenant: TenantHash, id: string, patch: WebhookPatch & { readonly author: Author }): Promise<WebhookView> {
    if (patch.url !== undefined) this.#judge(patch.url);
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<WebhookRow>(
        `UPDATE webhooks SET
           url = coalesce($3, url), events = coalesce($4::text[], events), status = coalesce($5, status),
           opco_id = CASE WHEN $6 THEN $7 ELSE opco_id END,
           disabled_reason = CASE WHEN $5 = 'active' THEN NULL ELSE disabled_reason END, updated_at = now()
         WHERE tenant_hash = $1 AND id::text = $2 RETURNING ${columns}`,
        [
          tenant,
          id,
          patch.url ?? null,
          patch.events ?? null,
          patch.status ?? null,
          patch.opcoId !== undefined,
          patch.opcoId ?? null,
        ],
      );
      const view = viewOf(row);
      await this.#trace(sql, { tenant, id, action: 'webhook.changed', author: patch.author });
      return view;
    });
  }

  /** Deletes the webhook and everything still owed to it. */
  delete(tenant: TenantHash, id: string, author: Author): Promise<void> {
    return this.within(tenant, async (sql) => {
      const rows = await sql.query('DELETE FROM webhooks WHERE tenant_hash = $1 AND id::text = $2 RETURNING id', [
        tenant,
        id,
      ]);
      if (rows.length === 0) throw fail('NOT_FOUND');
      await this.#trace(sql, { tenant, id, action: 'webhook.deleted', author });
    });
  }

  #judge(url: string): void {
    const findings = judgeUrl(url, this.ports.policy);
    if (findings.length > 0)
      throw fail('VALIDATION_ERROR', { detail: "L'adresse du webhook n'est pas acceptée.", findings });
  }

  /** The lock makes two simultaneous creations count each other. */
  async #assertRoom(sql: Sql, tenant: TenantHash): Promise<void> {
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended('webhooks|' || $1, 0))", [tenant]);
    const [row] = await sql.query<{ n: number }>('SELECT count(*)::int AS n FROM webhooks WHERE tenant_hash = $1', [
      tenant,
    ]);
    if ((row?.n ?? 0) >= this.ports.perTenant) {
      throw fail('CONFLICT', { detail: `Au plus ${this.ports.perTenant} webhooks ; supprimez-en un d'abord.` });
    }
  }

  #trace(sql: Sql, { tenant, id, action, author }: Change): Promise<void> {
    return this.ports.audit.write(sql, { tenant, action, object: `webhook:${id}`, result: 'ok', ...author });
  }
}

interface Change {
  readonly tenant: TenantHash;
  readonly id: string;
  readonly action: AuditAction;
  readonly author: Author;
}

function viewOf(row: WebhookRow | undefined): WebhookView {
  if (!row) throw fail('NOT_FOUND');
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    opcoId: row.opco_id,
    status: row.status,
    disabledReason: row.disabled_reason,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
