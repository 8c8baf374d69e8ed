import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { PipelineRunner } from '../pipeline/pipeline.runner.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { WorkerNotes } from '../platform/health/worker-notes.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { QUEUE_REDIS } from '../platform/redis/redis.tokens.js';
import { DataKeys } from '../tenancy/data-keys.js';
import { AttemptRepository } from './attempt.repository.js';
import type { QueueConnection } from './deposit-queues.js';
import { DepositQueues } from './deposit-queues.js';
import { DepositWork, type DepositWorkParts } from './deposit-work.js';
import { FileStore } from './file-store.js';
import { Wakening } from './wakening.js';

/** Starts the work on deposits in a process with the role `worker`, and ends it before the connections close. */
@Injectable()
export class QueueDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(DataKeys) private readonly keys: DataKeys;
  @Inject(FileStore) private readonly files: FileStore;
  @Inject(EventLog) private readonly events: EventLog;
  @Inject(CommitSignal) private readonly signal: CommitSignal;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(PipelineRunner) private readonly runner: PipelineRunner;
  @Inject(DepositQueues) private readonly queues: DepositQueues;
  @Inject(QUEUE_REDIS) private readonly redis: QueueConnection;
  @Inject(Wakening) private readonly wakening: Wakening;
  @Inject(CLOCK) private readonly clock: Clock;
  @Inject(Metrics) private readonly metrics: Metrics;
  @Inject(WorkerNotes) private readonly notes: WorkerNotes;
  @Inject(LOG) private readonly log: Logger;
  #work: DepositWork | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const work = new DepositWork(this.#parts());
    this.wakening.listen((opcoId) => work.wake(opcoId));
    work.start();
    this.#work = work;
  }

  /** In the first phase of a stop: webhooks, which end in the second, still number and send what the last deposits tell. */
  async onModuleDestroy(): Promise<void> {
    await this.#work?.stop();
    await this.queues.close();
  }

  #parts(): DepositWorkParts {
    const { database, keys, files, events, audit, runner, queues, redis, clock, env } = this;
    const attempts = new AttemptRepository(database);
    return {
      ...{ database, keys, files, events, audit, attempts, runner, queues, redis, clock },
      rules: workRules(env),
      random: Math.random,
      wait: (ms) => sleep(ms),
      committed: () => this.signal.announce(),
      settled: (opcoId, { type, result }) => this.metrics.jobs.inc({ opco: opcoId, type: type ?? 'unknown', result }),
      restarted: (opcoId) => this.#restarted(opcoId),
      failed: (err) => this.log.error({ err }, 'deposit attempt not written'),
    };
  }

  #restarted(opcoId: string): void {
    this.metrics.workerRestarts.inc({ opco: opcoId });
    this.notes.noteRestart(opcoId);
    this.log.error({ opcoId }, 'worker did nothing while deliveries waited: restarted');
  }
}

/**
 * How long deposits under way are waited for. At the full time the process is ended from outside: a fifth of it, and no more than
 * three seconds, is left for closing what the work has used, so that a whole deposit (25 s by default) fits into 30 s.
 */
function drainMsOf(seconds: number): number {
  return Math.max(seconds * 800, (seconds - 3) * 1000);
}

/** The settings of the work on deposits, out of the configuration. */
export function workRules(env: Env): DepositWorkParts['rules'] {
  return {
    slots: env.OPCOVIA_JOB_CONCURRENCY,
    dispatchIntervalMs: env.OPCOVIA_DISPATCH_INTERVAL_MS,
    relayIntervalSeconds: env.OPCOVIA_RELAY_INTERVAL_SECONDS,
    lostSeconds: env.OPCOVIA_ATTEMPT_LOST_SECONDS,
    maxAttempts: env.OPCOVIA_JOB_MAX_ATTEMPTS,
    backoffMs: env.OPCOVIA_JOB_BACKOFF_MS,
    credentialsPatienceMs: env.OPCOVIA_CREDENTIALS_WAIT_HOURS * 3_600_000,
    doubtPatienceMs: env.OPCOVIA_LOOK_UP_HOURS * 3_600_000,
    ...(env.OPCOVIA_QUIET_PERIOD_MS !== undefined && { quietMs: env.OPCOVIA_QUIET_PERIOD_MS }),
    drainMs: drainMsOf(env.OPCOVIA_DRAIN_SECONDS),
    stuckMs: env.OPCOVIA_WORKER_STUCK_SECONDS * 1000,
  };
}
