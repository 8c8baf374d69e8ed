import type { AuditTrail } from '../audit/audit-trail.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import { type AttemptEntry, cancelDeliveries, lockHealth, recordAttempt, writeHealth } from './delivery.repository.js';
import { noOpco } from '../core/events.js';
import { afterFailure, type HealthRules, isGivenUp, probePauseMs } from './health.js';
import type { AfterAttempt } from './next-attempt.js';

/** What settling works with. `random` gives [0, 1). */
export interface SettlePorts {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly events: EventLog;
  readonly random: () => number;
}

/** An attempt that has ended, and what follows it. */
export interface EndedDelivery {
  readonly delivery: ClaimedDelivery;
  readonly entry: AttemptEntry;
  readonly after: AfterAttempt;
  /** Milliseconds since the Unix epoch. */
  readonly endedAt: number;
}

/** Writes what became of an attempt, and what it says of its webhook: sound, failing, spared, given up. One transaction. */
export class SettleAttempt {
  constructor(
    private readonly rules: HealthRules,
    private readonly ports: SettlePorts,
  ) {}

  /** False when the delivery has moved on without us: then nothing was written. */
  settle(ended: EndedDelivery): Promise<boolean> {
    const { delivery, entry, after } = ended;
    return this.ports.database.asSystem((sql) =>
      after.status === 'delivered' ? recordAttempt(sql, delivery, entry, after) : this.#failed(sql, ended),
    );
  }

  async #failed(sql: Sql, { delivery, entry, after, endedAt }: EndedDelivery): Promise<boolean> {
    const before = await lockHealth(sql, delivery.webhookId);
    if (!(await recordAttempt(sql, delivery, entry, after))) return false;
    const health = afterFailure(before, { at: endedAt, probe: delivery.probe }, this.rules);
    const pauseMs = probePauseMs(health, this.rules, this.ports.random());
    await writeHealth(sql, delivery.webhookId, { health, pauseMs });
    if (entry.reason === 'gone') await this.#disable(sql, delivery, 'gone');
    else if (isGivenUp(health, endedAt, this.rules)) await this.#disable(sql, delivery, 'failing');
    return true;
  }

  /** Nothing more for it, and the tenant is told through its other webhooks and the feed. */
  async #disable(sql: Sql, { tenant, webhookId }: ClaimedDelivery, reason: 'gone' | 'failing'): Promise<void> {
    const disabled = await sql.query(
      `UPDATE webhooks SET status = 'disabled', disabled_reason = $3, updated_at = now()
       WHERE id = $1 AND tenant_hash = $2 AND status <> 'disabled' RETURNING id`,
      [webhookId, tenant, reason],
    );
    await cancelDeliveries(sql, webhookId);
    if (disabled.length === 0) return;
    const object = `webhook:${webhookId}`;
    await this.ports.audit.write(sql, {
      ...{ tenant, actor: 'system:webhooks', action: 'webhook.disabled', object, result: reason },
    });
    await this.ports.events.append(sql, tenant, {
      ...{ type: 'webhook.disabled', opcoId: noOpco, subject: object, data: { webhookId, reason } },
    });
  }
}
