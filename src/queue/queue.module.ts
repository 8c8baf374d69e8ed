import { setTimeout as sleep } from 'node:timers/promises';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { opcoIds } from '../core/endpoint.js';
import { budgetKey, depositQueueName } from '../core/keys.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { PipelineModule } from '../pipeline/pipeline.module.js';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { QUEUE_REDIS } from '../platform/redis/redis.tokens.js';
import { DataKeys } from '../tenancy/data-keys.js';
import { AcceptDeposit } from './accept-deposit.js';
import { Backlog } from './backlog.js';
import { BacklogDuty } from './backlog-duty.js';
import { BacklogGate } from './backlog-gate.js';
import { BacklogRepository } from './backlog.repository.js';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { DepositQueue, depositQueueOptions, DepositQueues, type QueueConnection } from './deposit-queues.js';
import { FileStore } from './file-store.js';
import { JobRepository } from './job.repository.js';
import { PurgeDuty } from './purge-duty.js';
import { QueueDuty } from './queue-duty.js';
import { Redrive } from './redrive.js';
import { Wakening } from './wakening.js';

BullModule.queueClass = DepositQueue;
type JobPorts = [Database, DataKeys, AuditTrail, EventLog, Wakening, CommitSignal, InstancePermits];
const queueNames = opcoIds.map(depositQueueName);

/** Deposits: taken in (every process), dispatched and carried out (processes with the role `worker`). */
@Module({
  imports: [
    PipelineModule,
    BullModule.forRootAsync({ inject: [QUEUE_REDIS], useFactory: depositQueueOptions }),
    BullModule.registerQueue(...queueNames.map((name) => ({ name }))),
  ],
  providers: [
    Wakening,
    {
      provide: DepositQueues,
      inject: [QUEUE_REDIS, ...queueNames.map((name) => getQueueToken(name))],
      useFactory: (redis: QueueConnection, ...queues: DepositQueue[]) => new DepositQueues(redis, queues),
    },
    {
      provide: FileStore,
      inject: [Database, DataKeys, Env],
      useFactory: (database: Database, keys: DataKeys, env: Env) =>
        new FileStore(database, keys, { heldBytes: env.OPCOVIA_FILES_HELD_KIB * 1024, wait: (ms) => sleep(ms) }),
    },
    {
      provide: AcceptDeposit,
      inject: [Database, DataKeys, Wakening],
      useFactory: (database: Database, keys: DataKeys, wakening: Wakening) =>
        new AcceptDeposit(database, keys, (opcoId) => wakening.wake(opcoId)),
    },
    {
      provide: JobRepository,
      inject: [Database, DataKeys, AuditTrail, EventLog, Wakening, CommitSignal, InstancePermits],
      useFactory: (...[database, keys, audit, events, wakening, signal, permits]: JobPorts) =>
        new JobRepository({
          database,
          keys,
          audit,
          events,
          wake: (opcoId) => wakening.wake(opcoId),
          committed: () => signal.announce(),
          outlook: (opcoId, environment) => {
            const { rate, pausedSeconds } = permits.look(budgetKey(opcoId, environment));
            return { callsPerSecond: rate, pausedSeconds };
          },
        }),
    },
    {
      provide: Backlog,
      inject: [Env, CLOCK],
      useFactory: (env: Env, clock: Clock) =>
        new Backlog({ tenant: env.OPCOVIA_BACKLOG_PER_TENANT, total: env.OPCOVIA_BACKLOG }, clock),
    },
    {
      provide: BacklogGate,
      inject: [Backlog, Database, Metrics],
      useFactory: (backlog: Backlog, database: Database, metrics: Metrics) =>
        new BacklogGate({
          backlog,
          repository: new BacklogRepository(database),
          refused: (by) => metrics.backlogRefusals.inc({ by }),
        }),
    },
    BacklogDuty,
    {
      provide: Redrive,
      inject: [Database, JobRepository],
      useFactory: (database: Database, jobs: JobRepository) => new Redrive(new DeadLettersRepository(database), jobs),
    },
    PurgeDuty,
    QueueDuty,
  ],
  exports: [AcceptDeposit, Backlog, BacklogGate, FileStore, JobRepository, Redrive],
})
export class QueueModule {}
