import type { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { opcoIds } from '../core/endpoint.js';
import type { EventLog } from '../events/event-log.js';
import type { Database } from '../platform/database/database.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import type { AttemptRepository } from './attempt.repository.js';
import { DepositProcessor, type Delivery, type RetryRules, type Runner } from './deposit.processor.js';
import type { DepositQueues, QueueConnection } from './deposit-queues.js';
import { endpointOf } from './deposit-types.js';
import { DepositWorkers } from './deposit-workers.js';
import { Dispatcher } from './dispatcher.js';
import type { FileStore } from './file-store.js';
import { Heartbeat } from './heartbeat.js';
import { KnownNumbersRepository } from './known-numbers.repository.js';
import { LookUpEffect } from './look-up-effect.js';
import { LostAttemptsRepository } from './lost-attempts.repository.js';
import { OpenDeposit, type Serves } from './open-deposit.js';
import { OutboxRepository } from './outbox.repository.js';
import { Relay } from './relay.js';
import { SettleJob } from './settle.js';
import { WorkerWatchdog } from './worker-watchdog.js';

/** The settings of the work; see `Env` for their meaning. */
export interface WorkRules extends Omit<RetryRules, 'random'> {
  readonly slots: number;
  readonly dispatchIntervalMs: number;
  readonly relayIntervalSeconds: number;
  readonly lostSeconds: number;
  readonly drainMs: number;
  readonly stuckMs: number;
}

/** What the work on deposits needs from outside. */
export interface DepositWorkParts {
  readonly database: Database;
  readonly keys: Pick<DataKeys, 'open' | 'opened'>;
  readonly files: Pick<FileStore, 'open' | 'purgeStrays'>;
  readonly events: EventLog;
  readonly audit: AuditTrail;
  readonly attempts: AttemptRepository;
  readonly runner: Runner;
  readonly queues: DepositQueues;
  readonly redis: QueueConnection;
  readonly clock: Clock;
  readonly rules: WorkRules;
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Called after the commit of each transaction that wrote an event. */
  readonly committed: () => void;
  /** Told of each delivery that came to something. */
  readonly settled: (opcoId: string, delivery: Delivery) => void;
  /** Told of a worker that did nothing while deliveries waited. */
  readonly restarted: (opcoId: string) => void;
  /** Told of a delivery that PostgreSQL could not be told of. */
  readonly failed: (error: unknown) => void;
}

/** Dispatcher, relay, workers and heartbeat of one process, bound together. */
export class DepositWork {
  readonly dispatcher: Dispatcher;
  readonly relay: Relay;
  readonly #workers: DepositWorkers;
  readonly #watchdog: WorkerWatchdog;
  #stopping = false;

  constructor(private readonly parts: DepositWorkParts) {
    const { database, queues, clock, rules, redis, events, audit } = parts;
    const outbox = new OutboxRepository(database);
    const lost = new LostAttemptsRepository({
      ...{ database, events, audit, rules },
      quietMsOf: (opcoId, type) => quietMsOf(parts.runner, rules, { opcoId, type }),
    });
    this.#workers = new DepositWorkers({
      redis,
      processor: this.#processor(),
      concurrency: rules.slots,
      ended: (opcoId, delivery) => this.#ended(opcoId, delivery),
      failed: parts.failed,
    });
    this.#watchdog = new WorkerWatchdog({
      ...{ opcoIds, queues, clock, workers: this.#workers, stuckMs: rules.stuckMs },
      restarted: parts.restarted,
    });
    this.dispatcher = new Dispatcher({
      ...{ outbox, queues, clock },
      busy: (opcoId) => this.#workers.busy(opcoId),
      rules: { intervalMs: rules.dispatchIntervalMs, slots: rules.slots },
    });
    this.relay = new Relay({
      ...{ outbox, queues, lost },
      files: parts.files,
      wake: (opcoId) => this.dispatcher.wake(opcoId),
      committed: parts.committed,
      rules: {
        intervalSeconds: rules.relayIntervalSeconds,
        graceSeconds: Math.min(5, rules.relayIntervalSeconds),
        boundSeconds: rules.lostSeconds * 5,
      },
    });
  }

  wake(opcoId: string): void {
    this.dispatcher.wake(opcoId);
  }

  start(): void {
    this.#workers.start();
    this.dispatcher.start();
    this.relay.start();
    this.#watchdog.start();
  }

  /** Brings nothing more, takes nothing more, and lets what is under way end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.dispatcher.stop(), this.relay.stop(), this.#watchdog.stop()]);
    await this.#workers.stop(this.parts.rules.drainMs);
  }

  #processor(): DepositProcessor {
    const { database, keys, files, attempts, runner, events, audit, rules, random, wait } = this.parts;
    const numbers = new KnownNumbersRepository(database);
    return new DepositProcessor({
      ...{ attempts, runner, wait },
      opening: new OpenDeposit({ database, keys, files, serves: runner }),
      lookUps: new LookUpEffect({ runner, numbers, wait }),
      settling: new SettleJob({ database, keys, events, audit, numbers }),
      heartbeat: new Heartbeat(attempts, (rules.lostSeconds * 1000) / 4),
      rules: { ...rules, random },
      stopping: () => this.#stopping,
    });
  }

  #ended(opcoId: string, delivery: Delivery): void {
    if (delivery.hold) this.dispatcher.hold(opcoId, delivery.hold);
    this.dispatcher.wake(opcoId);
    if (delivery.result === 'not-ours') return;
    this.parts.settled(opcoId, delivery);
    this.parts.committed();
  }
}

/** Milliseconds until an effect would surely show; undefined where the norm offers no way to find it, or nobody here knows the type. */
function quietMsOf(
  serves: Serves,
  rules: Pick<RetryRules, 'quietMs'>,
  { opcoId, type }: { readonly opcoId: string; readonly type: string },
): number | undefined {
  try {
    const { adapter, endpoint } = serves.served({ opcoId, endpoint: endpointOf(type) });
    return endpoint.lookUp ? (rules.quietMs ?? adapter.quietPeriodSeconds * 1000) : undefined;
  } catch {
    return undefined;
  }
}
