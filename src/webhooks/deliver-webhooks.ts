import type { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import type { EventLog } from '../events/event-log.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { AfterAttempt, AttemptEntry, ClaimedDelivery } from './delivery.repository.js';
import { cancelDeliveries, claimDeliveries, recordAttempt } from './delivery.repository.js';
import { noOpco } from './fan-out.js';
import { openSecret } from './secret.js';
import { signatureHeaders } from './sign.js';
import type { AttemptOutcome } from './webhook-client.js';

/** The numbers of delivery; all of them are configuration. */
export interface DeliveryRules {
  /** Wait before each attempt, counted from the end of the one before; as many attempts as entries. */
  readonly scheduleMs: readonly number[];
  readonly timeoutMs: number;
  readonly perWebhook: number;
  /** Attempts under way in this process. */
  readonly inAll: number;
}

/** What delivery works with. `random` gives [0, 1); `post` is the client for untrusted receivers. */
export interface DeliveryPorts {
  readonly database: Database;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly random: () => number;
  readonly audit: AuditTrail;
  readonly events: EventLog;
  readonly post: (url: string, body: Buffer, headers: Record<string, string>) => Promise<AttemptOutcome>;
  /** Told when an attempt has ended: a slot is free, and the next event of its subject may be due. */
  readonly onFreed: () => void;
  /** Told of what could not be recorded; the claim then expires and the attempt is made again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Delivers what the fan-out owes, at least once.
 *
 *     pending ──due, its turn──▶ claimed ──2xx──▶ delivered
 *        ▲                         ├─ 410 ──▶ failed, webhook disabled, the rest cancelled
 *        │ schedule                ├─ last attempt ──▶ failed
 *        └──────── otherwise ──────┤
 *        └── process vanished: the claim expires, the attempt does not count
 */
export class DeliverWebhooks {
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly rules: DeliveryRules,
    private readonly ports: DeliveryPorts,
  ) {}

  /** Takes what is due and starts it without waiting for its end; true when there may be more to take. */
  async round(): Promise<boolean> {
    const free = this.rules.inAll - this.#underWay.size;
    if (free <= 0) return false;
    const claimed = await this.ports.database.asSystem((sql) =>
      claimDeliveries(sql, {
        perWebhook: this.rules.perWebhook,
        free,
        orderedAttempts: this.rules.scheduleMs.length,
        claimSeconds: this.rules.timeoutMs / 1000 + 5,
      }),
    );
    for (const delivery of claimed) this.#start(delivery);
    return claimed.length === free;
  }

  /** Waits for every attempt under way. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #start(delivery: ClaimedDelivery): void {
    const attempt = this.#attempt(delivery).catch(this.ports.onError);
    const ended = attempt.finally(() => {
      this.#underWay.delete(ended);
      this.ports.onFreed();
    });
    this.#underWay.add(ended);
  }

  async #attempt(delivery: ClaimedDelivery): Promise<void> {
    const { clock, database, post } = this.ports;
    const at = new Date(clock.now());
    // Serialised once: what is signed is what is sent.
    const body = Buffer.from(JSON.stringify(delivery.event));
    const outcome = await post(delivery.url, body, this.#headers(delivery, body, at));
    const entry = entryOf(outcome, at);
    const after = this.#after(delivery, entry);
    await database.asSystem(async (sql) => {
      const ours = await recordAttempt(sql, delivery, entry, after);
      if (ours && entry.reason === 'gone') await this.#disable(sql, delivery);
    });
  }

  /** A secret that does not open is an operator's fault, not the receiver's: the claim expires and no attempt counts. */
  #headers(delivery: ClaimedDelivery, body: Buffer, at: Date): Record<string, string> {
    const owner = { webhookId: delivery.webhookId, tenant: delivery.tenant };
    const { ring } = this.ports;
    const current = openSecret(ring, delivery.sealedSecret, owner);
    const previous = delivery.sealedPreviousSecret;
    const signable = { id: delivery.event.id, timestampSeconds: Math.floor(at.getTime() / 1000), body };
    return {
      'opcovia-event': delivery.event.event,
      ...signatureHeaders(
        signable,
        previous === null ? [current] : [current, openSecret(ring, previous, owner, 'sealed_previous_secret')],
      ),
    };
  }

  #after(delivery: ClaimedDelivery, entry: AttemptEntry): AfterAttempt {
    if (entry.reason === null) return { status: 'delivered' };
    const wait = this.rules.scheduleMs[delivery.attempts + 1];
    if (entry.reason === 'gone' || wait === undefined) return { status: 'failed' };
    return { status: 'pending', retryInMs: wait * (0.9 + 0.2 * this.ports.random()) };
  }

  /** The receiver said 410: nothing more for it, and the tenant is told through its other webhooks and the feed. */
  async #disable(sql: Sql, { tenant, webhookId }: ClaimedDelivery): Promise<void> {
    const disabled = await sql.query(
      `UPDATE webhooks SET status = 'disabled', disabled_reason = 'gone', updated_at = now()
       WHERE id = $1 AND tenant_hash = $2 AND status <> 'disabled' RETURNING id`,
      [webhookId, tenant],
    );
    await cancelDeliveries(sql, webhookId);
    if (disabled.length === 0) return;
    const object = `webhook:${webhookId}`;
    await this.ports.audit.write(sql, {
      tenant,
      actor: 'system:webhooks',
      action: 'webhook.disabled',
      object,
      result: 'gone',
    });
    await this.ports.events.append(sql, tenant, {
      type: 'webhook.disabled',
      opcoId: noOpco,
      subject: object,
      data: { webhookId, reason: 'gone' },
    });
  }
}

/** What the tenant may read of an outcome: every way of not answering looks the same. */
function entryOf({ status, durationMs }: AttemptOutcome, at: Date): AttemptEntry {
  const stamped = { at: at.toISOString(), status };
  if (status === null) return { ...stamped, durationMs: null, reason: 'unreachable' };
  if (status >= 200 && status < 300) return { ...stamped, durationMs, reason: null };
  return { ...stamped, durationMs, reason: status === 410 ? 'gone' : 'status' };
}
