import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { WebhookRotated } from '../core/contract/webhook-operations.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { newSecret, openSecret, sealSecret } from './secret.js';
import { type WebhookBounds, webhookColumns, type WebhookRow, webhookView } from './webhook-view.js';

/** What a rotation works with. */
export interface RotationPorts {
  readonly ring: KeyRing;
  readonly audit: AuditTrail;
  readonly bounds: WebhookBounds;
  /** Hours that the secret before still signs; 0 ends it at once. */
  readonly overlapHours: number;
}

/**
 * Changes the secret of a webhook.
 *
 *     current ──rotate──▶ previous: signs behind the current one ──overlap──▶ no longer signs ──purge──▶ erased
 *                            └── rotate again: erased at once
 */
export class WebhookSecretsRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly ports: RotationPorts,
  ) {
    super(database);
  }

  /** The new secret is shown here and never again. */
  rotate(tenant: TenantHash, webhookId: string, author: Author): Promise<WebhookRotated> {
    const { ring, audit, bounds, overlapHours } = this.ports;
    const owner = { webhookId, tenant };
    const secret = newSecret();
    return this.within(tenant, async (sql) => {
      const [before] = await sql.query<{ sealed_secret: string }>(
        'SELECT sealed_secret FROM webhooks WHERE tenant_hash = $1 AND id = $2::uuid FOR NO KEY UPDATE',
        [tenant, webhookId],
      );
      if (!before) throw fail('NOT_FOUND');
      // A ciphertext belongs to its column: what moves is sealed anew.
      const previous =
        overlapHours > 0
          ? sealSecret(ring, openSecret(ring, before.sealed_secret, owner), owner, 'sealed_previous_secret')
          : null;
      const [row] = await sql.query<WebhookRow & { previous_until: Date | null }>(
        `UPDATE webhooks SET sealed_secret = $3, sealed_previous_secret = $4, updated_at = now(),
           previous_until = CASE WHEN $4::text IS NULL THEN NULL ELSE now() + $5::float8 * interval '1 hour' END
         WHERE tenant_hash = $1 AND id = $2::uuid RETURNING ${webhookColumns}, previous_until`,
        [tenant, webhookId, sealSecret(ring, secret, owner), previous, overlapHours],
      );
      const object = `webhook:${webhookId}`;
      await audit.write(sql, { tenant, action: 'webhook.secret_rotated', object, result: 'ok', ...author });
      return { ...webhookView(row, bounds), secret, previousUntil: row?.previous_until?.toISOString() ?? null };
    });
  }
}
