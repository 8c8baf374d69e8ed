import { type BeforeApplicationShutdown, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import { Sequencer } from '../events/sequencer.js';
import type { Env } from '../platform/config/env.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database } from '../platform/database/database.js';
import { Leadership } from '../platform/database/leadership.js';
import { Rounds } from '../platform/rounds.js';
import { DeliverWebhooks } from './deliver-webhooks.js';
import { FanOut } from './fan-out.js';
import { OpenedSecrets } from './opened-secrets.js';
import { SettleAttempts } from './settle-attempts.js';
import { isTaken } from './next-attempt.js';
import type { AttemptOutcome, WebhookClient } from './webhook-client.js';
import { deliveryRules, healthRules } from './webhook-rules.js';

/** What the work needs of the application. */
export interface WebhookWorkPorts {
  readonly env: Env;
  readonly database: Database;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly signal: CommitSignal;
  readonly client: WebhookClient;
  readonly schedule: SchedulerRegistry;
  /** Told how each attempt ended; a bounded word. */
  readonly attempted: (result: 'delivered' | 'refused' | 'unreachable') => void;
  /** Told how each delivery ended. */
  readonly settled: (result: 'delivered' | 'failed') => void;
}

const tickName = 'webhooks';

/**
 * Numbers events, fans them out and delivers them, in a process that has the role `worker`.
 *
 *     commit ──signal / tick──▶ sequencer ──committed──▶ deliveries ──slot freed──▶ deliveries ...
 *
 * Stopping: no new round, attempts under way end within their own deadline, then the duty passes to another instance.
 */
export class WebhookWork implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Webhooks');
  readonly #deliver: DeliverWebhooks;
  readonly #sequencer: Sequencer;
  readonly #numbering: Rounds;
  readonly #deliveries: Rounds;
  #unlisten: () => void = () => undefined;

  constructor(private readonly ports: WebhookWorkPorts) {
    const { database } = ports;
    this.#deliver = this.#delivery();
    this.#sequencer = new Sequencer(database, new Leadership(database), [new FanOut(() => this.#deliveries.wake())]);
    const onError = (error: unknown) => this.#complain(error);
    this.#numbering = new Rounds({ work: () => this.#sequencer.round(), onError });
    this.#deliveries = new Rounds({ work: () => this.#deliver.round(), onError });
  }

  onApplicationBootstrap(): void {
    const { env, schedule, signal } = this.ports;
    if (!env.roles.has('worker')) return;
    this.#unlisten = signal.listen(() => this.#numbering.wake());
    schedule.addInterval(
      tickName,
      setInterval(() => {
        this.#numbering.wake();
        this.#deliveries.wake();
      }, env.OPCOVIA_TICK_MS),
    );
  }

  /** After the workers of other modules have written their last events, before the database is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    const { env, schedule } = this.ports;
    this.#unlisten();
    if (schedule.doesExist('interval', tickName)) schedule.deleteInterval(tickName);
    await this.#numbering.stop();
    await this.#deliveries.stop();
    this.ports.client.stopWaiting();
    await this.#deliver.drain();
    await this.ports.client.close();
    // Whoever never led has nothing to give back, and PostgreSQL may be the reason for which we stop.
    if (env.roles.has('worker')) await this.#sequencer.resign().catch((error: unknown) => this.#complain(error));
  }

  #delivery(): DeliverWebhooks {
    const { env, database, ring, clock, events, client } = this.ports;
    const onError = (error: unknown) => this.#complain(error);
    const settlePorts = { database, events, audit: new AuditTrail(), random: Math.random, onError };
    return new DeliverWebhooks(deliveryRules(env), {
      ...{ database, clock, random: Math.random, secrets: new OpenedSecrets(ring) },
      settle: new SettleAttempts(healthRules(env), settlePorts),
      post: async (url, body, headers) => {
        const outcome = await client.post(url, body, headers);
        this.ports.attempted(resultOf(outcome));
        return outcome;
      },
      onSettled: this.ports.settled,
      onFreed: () => this.#deliveries.wake(),
      onError,
    });
  }

  /** The kind of error only: its text may hold an address or a value. */
  #complain(error: unknown): void {
    this.#logger.warn(
      `Le travail des webhooks a échoué (${error instanceof Error ? error.name : 'inconnu'}) ; nouvel essai au prochain tic.`,
    );
  }
}

function resultOf({ status }: AttemptOutcome): 'delivered' | 'refused' | 'unreachable' {
  if (status === null) return 'unreachable';
  return isTaken(status) ? 'delivered' : 'refused';
}
