import { randomBytes, randomUUID } from 'node:crypto';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import type { WebhookView } from '../core/contract/webhook.js';
import { fail } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { challengeBody, givesBack } from './challenge.js';
import { openSecret } from './secret.js';
import { isTaken } from './next-attempt.js';
import { eventHeaders } from './sign.js';
import type { AttemptOutcome } from './webhook-client.js';
import { type WebhookBounds, webhookColumns, type WebhookRow, webhookView } from './webhook-view.js';

/** What the verification works with. */
export interface VerificationPorts {
  readonly ring: KeyRing;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly bounds: WebhookBounds;
  readonly timeoutMs: number;
  readonly wait: (ms: number) => Promise<void>;
  readonly post: (url: string, body: Buffer, headers: Record<string, string>) => Promise<AttemptOutcome>;
}

/**
 * Asks the address of a webhook to give a random word back. Every way of not answering takes as long as a time-out and is told in
 * the same words: whoever waits for the answer learns nothing of networks.
 */
export class VerifyWebhook extends TenantScopedRepository {
  readonly #underWay = new Set<string>();

  constructor(
    database: Database,
    private readonly ports: VerificationPorts,
  ) {
    super(database);
  }

  /** CONFLICT when the word did not come back, or while another verification of this webhook is under way. */
  async verify(tenant: TenantHash, webhookId: string, author: Author): Promise<WebhookView> {
    const target = await this.#target(tenant, webhookId);
    if (this.#underWay.has(webhookId)) throw fail('CONFLICT', { detail: 'Une vérification est déjà en cours.' });
    this.#underWay.add(webhookId);
    try {
      const proven = await this.#challenge(tenant, webhookId, target);
      if (!proven) throw unproven();
      return await this.#remember(tenant, webhookId, { url: target.url, author });
    } finally {
      this.#underWay.delete(webhookId);
    }
  }

  #target(tenant: TenantHash, webhookId: string): Promise<Target> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<Target>(
        'SELECT url, sealed_secret FROM webhooks WHERE tenant_hash = $1 AND id = $2::uuid',
        [tenant, webhookId],
      );
      if (!row) throw fail('NOT_FOUND');
      return row;
    });
  }

  async #challenge(tenant: TenantHash, webhookId: string, target: Target): Promise<boolean> {
    const { clock, ring, post, wait, timeoutMs } = this.ports;
    const begun = clock.elapsed();
    const [at, id, challenge] = [new Date(clock.now()), randomUUID(), randomBytes(24).toString('base64url')];
    const body = challengeBody(id, at, { webhookId, challenge });
    const secret = openSecret(ring, target.sealed_secret, { webhookId, tenant });
    const headers = eventHeaders({ event: 'webhook.test', id, body, atMs: at.getTime() }, [secret]);
    const { status, answer } = await post(target.url, body, headers);
    if (status === null) await wait(Math.max(0, timeoutMs - (clock.elapsed() - begun)));
    return isTaken(status) && givesBack(answer, challenge);
  }

  /** An address that was changed meanwhile is not the one that answered. */
  #remember(tenant: TenantHash, webhookId: string, { url, author }: Proven): Promise<WebhookView> {
    return this.within(tenant, async (sql) => {
      const [row] = await sql.query<WebhookRow>(
        `UPDATE webhooks SET verified_at = now(), updated_at = now(),
           status = CASE WHEN status = 'unverified' THEN 'active' ELSE status END
         WHERE tenant_hash = $1 AND id = $2::uuid AND url = $3 RETURNING ${webhookColumns}`,
        [tenant, webhookId, url],
      );
      if (!row) throw unproven();
      const object = `webhook:${webhookId}`;
      await this.ports.audit.write(sql, { tenant, action: 'webhook.verified', object, result: 'ok', ...author });
      return webhookView(row, this.ports.bounds);
    });
  }
}

interface Target {
  readonly url: string;
  readonly sealed_secret: string;
}

interface Proven {
  readonly url: string;
  readonly author: Author;
}

function unproven(): Error {
  return fail('CONFLICT', {
    detail: "L'adresse n'a pas rendu le mot demandé : elle répond 2xx avec la valeur de `data.challenge`.",
  });
}
