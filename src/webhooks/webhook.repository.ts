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
import { soundAgain } from './delivery.repository.js';
import { judgeLimits } from './judge-limits.js';
import { judgeUrl } from './judge-url.js';
import { newSecret, sealSecret } from './secret.js';
import { type WebhookBounds, webhookColumns, type WebhookRow, webhookView } from './webhook-view.js';

/** What the subscriptions are kept with. */
export interface WebhookPorts {
  readonly ring: KeyRing;
  readonly policy: AddressPolicy;
  readonly audit: AuditTrail;
  readonly perTenant: number;
  readonly bounds: WebhookBounds;
  /** Whether an address gets nothing before it was verified. */
  readonly mustVerify: boolean;
}

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
    this.#judge(draft);
    const id = randomUUID();
    const secret = newSecret();
    return this.within(tenant, async (sql) => {
      await this.#assertRoom(sql, tenant);
      const [row] = await sql.query<WebhookRow>(
        `INSERT INTO webhooks (id, tenant_hash, url, events, opco_id, sealed_secret, concurrency, max_per_second, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${webhookColumns}`,
        [
          id,
          tenant,
          draft.url,
          draft.events,
          draft.opcoId ?? null,
          sealSecret(this.ports.ring, secret, { webhookId: id, tenant }),
          draft.concurrency ?? null,
          draft.maxPerSecond ?? null,
          this.ports.mustVerify ? 'unverified' : 'active',
        ],
      );
      await this.#trace(sql, { tenant, id, action: 'webhook.created', author });
      return { ...this.#view(row), secret };
    });
  }

  /** Oldest first. */
  list(tenant: TenantHash, { cursor, limit }: PageQuestion): Promise<WebhookPage> {
    const from = cursor === undefined ? undefined : readCursor(cursor);
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<WebhookRow & { micros: string }>(
        `SELECT ${webhookColumns}, (extract(epoch FROM created_at) * 1000000)::bigint::text AS micros FROM webhooks
         WHERE tenant_hash = $1
           AND ($2::bigint IS NULL OR (created_at, id) > (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::uuid))
         ORDER BY created_at, id LIMIT $4`,
        [tenant, from?.micros ?? null, from?.id ?? null, limit + 1],
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        data: rows.slice(0, limit).map((row) => this.#view(row)),
        nextCursor: last ? writeCursor(last) : null,
      };
    });
  }

  get(tenant: TenantHash, id: string): Promise<WebhookView> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<WebhookRow>(
        `SELECT ${webhookColumns} FROM webhooks WHERE tenant_hash = $1 AND id::text = $2`,
        [tenant, id],
      );
      return this.#view(row);
    });
  }

  /**
   * What is absent stays. A disabled webhook comes back with `status: active`, as sound as a new one; what was cancelled stays
   * cancelled. Another address is as unknown as a new one: neither verified nor failing.
   */
  async patch(tenant: TenantHash, id: string, patch: WebhookPatch & { readonly author: Author }): Promise<WebhookView> {
    this.#judge(patch);
    return this.within(tenant, async (sql) => {
      const [before] = await sql.query<WebhookRow>(
        `SELECT ${webhookColumns} FROM webhooks WHERE tenant_hash = $1 AND id::text = $2 FOR NO KEY UPDATE`,
        [tenant, id],
      );
      if (!before) throw fail('NOT_FOUND');
      const moved = patch.url !== undefined && patch.url !== before.url;
      const [row] = await sql.query<WebhookRow>(
        `UPDATE webhooks SET
           url = coalesce($3, url), events = coalesce($4::text[], events), status = $5,
           opco_id = CASE WHEN $6 THEN $7 ELSE opco_id END,
           concurrency = CASE WHEN $8 THEN $9::int ELSE concurrency END,
           max_per_second = CASE WHEN $10 THEN $11::int ELSE max_per_second END,
           disabled_reason = CASE WHEN $5 = 'active' THEN NULL ELSE disabled_reason END,
           verified_at = CASE WHEN $12 THEN NULL ELSE verified_at END,
           ${moved || patch.status === 'active' ? `${soundAgain},` : ''} updated_at = now()
         WHERE tenant_hash = $1 AND id::text = $2 RETURNING ${webhookColumns}`,
        [
          tenant,
          id,
          patch.url ?? null,
          patch.events ?? null,
          this.#statusAfter(before, patch, moved),
          patch.opcoId !== undefined,
          patch.opcoId ?? null,
          patch.concurrency !== undefined,
          patch.concurrency ?? null,
          patch.maxPerSecond !== undefined,
          patch.maxPerSecond ?? null,
          moved,
        ],
      );
      await this.#trace(sql, { tenant, id, action: 'webhook.changed', author: patch.author });
      return this.#view(row);
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

  /** Throws CONFLICT where nothing may be sent before the address was verified. */
  #statusAfter(before: WebhookRow, patch: WebhookPatch, moved: boolean): WebhookView['status'] {
    const wanted = patch.status ?? before.status;
    if (wanted !== 'active' || !this.ports.mustVerify) return wanted;
    if (moved) return 'unverified';
    // One that was never asked to prove itself goes on; whoever stands still has to.
    if (before.verified_at !== null || before.status === 'active') return 'active';
    throw fail('CONFLICT', { detail: "L'adresse n'est pas vérifiée ; appelez d'abord POST /webhooks/{id}/verify." });
  }

  #view(row: WebhookRow | undefined): WebhookView {
    return webhookView(row, this.ports.bounds);
  }

  #judge(given: Partial<WebhookDraft>): void {
    const { policy, bounds } = this.ports;
    const findings = given.url === undefined ? [] : judgeUrl(given.url, policy);
    if (findings.length > 0)
      throw fail('VALIDATION_ERROR', { detail: "L'adresse du webhook n'est pas acceptée.", findings });
    const beyond = judgeLimits(given, bounds);
    if (beyond.length > 0) throw fail('VALIDATION_ERROR', { findings: beyond });
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
