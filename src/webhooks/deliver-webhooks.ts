import type { Clock } from '../core/clock.js';
import type { PublicEvent } from '../events/event-feed.js';
import type { Database } from '../platform/database/database.js';
import { claimDeliveries, type ClaimedDelivery, type ClaimRules } from './claim-deliveries.js';
import type { AttemptEntry } from './delivery.repository.js';
import { excerptOf } from './excerpt.js';
import { isTaken, nextAttempt } from './next-attempt.js';
import type { OpenedSecrets } from './opened-secrets.js';
import type { SettleAttempts } from './settle-attempts.js';
import { eventHeaders } from './sign.js';
import type { AttemptOutcome } from './webhook-client.js';

/** The numbers of delivery; all of them are configuration. */
export interface DeliveryRules {
  readonly claim: ClaimRules;
  /** Wait before each attempt, counted from the end of the one before; as many attempts as entries. */
  readonly scheduleMs: readonly number[];
  /** Attempts under way in this process. */
  readonly inAll: number;
}

/** What delivery works with. `random` gives [0, 1); `post` is the client for untrusted receivers. */
export interface DeliveryPorts {
  readonly database: Database;
  readonly secrets: OpenedSecrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly settle: SettleAttempts;
  readonly post: (url: string, body: Buffer, headers: Record<string, string>) => Promise<AttemptOutcome>;
  /** Told how each delivery ended that has come to its end. */
  readonly onSettled: (result: 'delivered' | 'failed') => void;
  /** Told when an attempt has ended: a slot is free, and the next event of its subject may be due. */
  readonly onFreed: () => void;
  /** Told of what could not be recorded; the claim then expires and the attempt is made again. */
  readonly onError: (error: unknown) => void;
}

/**
 * Delivers what the fan-out owes, at least once.
 *
 *     pending ──due, its turn──▶ claimed ──2xx──▶ delivered ◀─┐
 *        ▲                         ├─ 410, or failures for days ──▶ failed, webhook disabled, the rest cancelled
 *        │ schedule, Retry-After   ├─ last attempt ──▶ failed ─┤
 *        ├──────── otherwise ──────┤                           │ replay
 *        ├── process vanished: the claim expires, the attempt does not count
 *        └─────────────────────────────────────────────────────┘
 */
export class DeliverWebhooks {
  readonly #underWay = new Set<Promise<void>>();
  /** Of those, the ones that sound webhooks must not have to wait for. */
  #othersUnderWay = 0;

  /** As long as somebody is being sent the event. */
  readonly #bodies = new WeakMap<PublicEvent, Buffer>();

  constructor(
    private readonly rules: DeliveryRules,
    private readonly ports: DeliveryPorts,
  ) {}

  /** Takes what is due and starts it without waiting for its end; true when there may be more to take. */
  async round(): Promise<boolean> {
    const all = this.rules.inAll - this.#underWay.size;
    if (all <= 0) return false;
    const others = Math.max(0, Math.ceil(this.rules.inAll / 2) - this.#othersUnderWay);
    const claimed = await this.ports.database.asSystem((sql) =>
      claimDeliveries(sql, this.rules.claim, { all, others }),
    );
    for (const delivery of claimed) this.#start(delivery);
    return claimed.length === all;
  }

  /** Waits for every attempt under way. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #start(delivery: ClaimedDelivery): void {
    const counts = delivery.preferred ? 0 : 1;
    this.#othersUnderWay += counts;
    const attempt = this.#attempt(delivery).catch(this.ports.onError);
    const ended = attempt.finally(() => {
      this.#othersUnderWay -= counts;
      this.#underWay.delete(ended);
      this.ports.onFreed();
    });
    this.#underWay.add(ended);
  }

  async #attempt(delivery: ClaimedDelivery): Promise<void> {
    const { clock, post, random, settle } = this.ports;
    const at = new Date(clock.now());
    const body = this.#bodyOf(delivery.event);
    const outcome = await post(delivery.url, body, this.#headers(delivery, body, at));
    const made = delivery.attempts - delivery.runFrom + 1;
    const after = nextAttempt({ ...outcome, made }, this.rules.scheduleMs, random());
    const ours = await settle.settle({ delivery, entry: entryOf(outcome, at), after, endedAt: clock.now() });
    if (ours && after.status !== 'pending') this.ports.onSettled(after.status);
  }

  /** Serialised once for all webhooks of a claim: what is signed is what is sent. */
  #bodyOf(event: PublicEvent): Buffer {
    const known = this.#bodies.get(event);
    if (known) return known;
    const body = Buffer.from(JSON.stringify(event));
    this.#bodies.set(event, body);
    return body;
  }

  /** A secret that does not open is an operator's fault, not the receiver's: the claim expires and no attempt counts. */
  #headers(delivery: ClaimedDelivery, body: Buffer, at: Date): Record<string, string> {
    const secrets = this.ports.secrets.of(delivery);
    const { event, id } = delivery.event;
    return eventHeaders({ event, id, body, atMs: at.getTime() }, secrets);
  }
}

/** What the tenant may read of an outcome: every way of not answering looks the same. */
function entryOf({ status, durationMs, answer }: AttemptOutcome, at: Date): AttemptEntry {
  const stamped = { at: at.toISOString(), status };
  if (status === null) return { ...stamped, durationMs: null, reason: 'unreachable' };
  const excerpt = excerptOf(answer);
  const answered = { ...stamped, durationMs, ...(excerpt !== null && { answer: excerpt }) };
  if (isTaken(status)) return { ...answered, reason: null };
  return { ...answered, reason: status === 410 ? 'gone' : 'status' };
}
