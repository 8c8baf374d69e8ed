import type { AuditTrail } from '../audit/audit-trail.js';
import { noOpco } from '../core/events.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { MicroBatch } from '../platform/micro-batch.js';
import type { ClaimedDelivery } from './claim-deliveries.js';
import {
  type AttemptEntry,
  cancelDeliveries,
  type HealthAfter,
  holdHealths,
  type Patience,
  recordAttempts,
  writeHealths,
} from './delivery.repository.js';
import { afterAttempts, type EndpointHealth, healthy, type HealthRules, probePauseMs } from './health.js';
import type { AfterAttempt } from './next-attempt.js';

/** What settling works with. `random` gives [0, 1). */
export interface SettlePorts {
  readonly database: Pick<Database, 'asSystem'>;
  readonly audit: AuditTrail;
  readonly events: EventLog;
  readonly random: () => number;
  /** Told of a batch that failed as a whole; each of its attempts is then settled alone. */
  readonly onError: (error: unknown) => void;
}

/** An attempt that has ended, and what follows it. */
export interface EndedDelivery {
  readonly delivery: ClaimedDelivery;
  readonly entry: AttemptEntry;
  readonly after: AfterAttempt;
  /** Milliseconds since the Unix epoch. */
  readonly endedAt: number;
}

/** `alone`: not written, whatever the reason; a transaction of its own will tell. */
type Verdict = 'settled' | 'moved on' | 'alone';

/** As many as there are slots may wait: nobody is ever refused. */
const unbounded = { bytes: Infinity, waitingRows: Infinity, waitingBytes: Infinity };
const togetherLimits = { ...unbounded, rows: 100, inFlight: 2 };
const aloneLimits = { ...unbounded, rows: 1, inFlight: 4 };
const traits = { bytesOf: () => 0, keyOf: ({ delivery }: EndedDelivery) => delivery.id };

/**
 * Writes what became of attempts, and what it says of their webhooks: sound, failing, spared, given up. Attempts that end while
 * others are being written share a transaction, of whatever webhooks and tenants; nobody waits for company.
 *
 *     ended ──batch──▶ settled
 *              │ its row or its webhook is held by somebody, it disables its webhook, it moved on, or the batch broke
 *              └──▶ alone ──▶ settled | moved on | rejected
 *
 * A batch waits for no row, so that it can neither be held up nor be in anybody's way.
 */
export class SettleAttempts {
  readonly #together: MicroBatch<EndedDelivery, Verdict>;
  readonly #alone: MicroBatch<EndedDelivery, Verdict>;

  constructor(
    private readonly rules: HealthRules,
    private readonly ports: SettlePorts,
  ) {
    this.#together = new MicroBatch(togetherLimits, traits, (batch) => this.#tryTogether(batch));
    this.#alone = new MicroBatch(aloneLimits, traits, (one) => this.#write(one, 'waiting'));
  }

  /** False when the delivery has moved on without us: then nothing was written. */
  async settle(ended: EndedDelivery): Promise<boolean> {
    const verdict = await this.#together.add(ended);
    return (verdict === 'alone' ? await this.#alone.add(ended) : verdict) === 'settled';
  }

  async #tryTogether(batch: readonly EndedDelivery[]): Promise<readonly Verdict[]> {
    try {
      return await this.#write(batch, 'passing over');
    } catch (error) {
      this.ports.onError(error);
      return batch.map(() => 'alone');
    }
  }

  #write(ended: readonly EndedDelivery[], patience: Patience): Promise<Verdict[]> {
    return this.ports.database.asSystem(async (sql) => {
      const before = await holdHealths(sql, ended, patience);
      const ours = patience === 'waiting' ? ended : this.#harmless(ended, before);
      const recorded = await recordAttempts(sql, ours, patience);
      const written = ours.filter(({ delivery }) => recorded.has(delivery.id));
      await this.#keepHealths(sql, written, before);
      return ended.map(({ delivery }) => {
        if (recorded.has(delivery.id)) return 'settled';
        return patience === 'waiting' ? 'moved on' : 'alone';
      });
    });
  }

  /** Those whose webhook is ours or does not change, and stays enabled. */
  #harmless(ended: readonly EndedDelivery[], before: Healths): EndedDelivery[] {
    return [...byWebhook(ended)].flatMap(([webhookId, those]) => {
      const health = before.get(webhookId);
      if (health === undefined) return those;
      return health === null || this.#ruling(health, those).disable ? [] : those;
    });
  }

  async #keepHealths(sql: Sql, written: readonly EndedDelivery[], before: Healths): Promise<void> {
    const healths: HealthAfter[] = [];
    for (const [webhookId, those] of byWebhook(written)) {
      if (!before.has(webhookId)) continue;
      const { health, disable } = this.#ruling(before.get(webhookId) ?? healthy, those);
      healths.push({ webhookId, health, pauseMs: probePauseMs(health, this.rules, this.ports.random()) });
      const [one] = those;
      if (disable && one) await this.#disable(sql, one.delivery, disable);
    }
    await writeHealths(sql, healths);
  }

  /** What the attempts at one webhook say of it, in the order in which they ended. */
  #ruling(before: EndpointHealth, those: readonly EndedDelivery[]): Ruling {
    const attempts = those.map(({ after, endedAt, delivery }) => {
      return { taken: after.status === 'delivered', at: endedAt, probe: delivery.probe };
    });
    const { health, givenUp } = afterAttempts(before, attempts, this.rules);
    if (those.some(({ entry }) => entry.reason === 'gone')) return { health, disable: 'gone' };
    return { health, disable: givenUp ? 'failing' : undefined };
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

type Healths = ReadonlyMap<string, EndpointHealth | null>;

interface Ruling {
  readonly health: EndpointHealth;
  readonly disable: 'gone' | 'failing' | undefined;
}

/** In the order in which they ended. */
function byWebhook(ended: readonly EndedDelivery[]): Map<string, EndedDelivery[]> {
  const groups = new Map<string, EndedDelivery[]>();
  for (const one of ended) {
    const { webhookId } = one.delivery;
    const group = groups.get(webhookId);
    if (group) group.push(one);
    else groups.set(webhookId, [one]);
  }
  return groups;
}
