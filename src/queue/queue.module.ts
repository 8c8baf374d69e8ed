import { setTimeout as sleep } from 'node:timers/promises';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { opcoIds } from '../core/endpoint.js';
import { depositQueueName } from '../core/keys.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { PipelineModule } from '../pipeline/pipeline.module.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { QUEUE_REDIS } from '../platform/redis/redis.tokens.js';
import { DataKeys } from '../tenancy/data-keys.js';
import { AcceptDeposit } from './accept-deposit.js';
import { DepositQueue, depositQueueOptions, DepositQueues, type QueueConnection } from './deposit-queues.js';
import { FileStore } from './file-store.js';
import { JobRepository } from './job.repository.js';
import { QueueDuty } from './queue-duty.js';
import { Wakening } from './wakening.js';

BullModule.queueClass = DepositQueue;
type JobPorts = [Database, DataKeys, AuditTrail, EventLog, Wakening, CommitSignal];
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
      inject: [Database, DataKeys, AuditTrail, EventLog, Wakening, CommitSignal],
      useFactory: (...[database, keys, audit, events, wakening, signal]: JobPorts) =>
        new JobRepository({
          database,
          keys,
          audit,
          events,
          wake: (opcoId) => wakening.wake(opcoId),
          committed: () => signal.announce(),
        }),
    },
    QueueDuty,
  ],
  exports: [AcceptDeposit, FileStore, JobRepository],
})
export class QueueModule {}
