import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { RESPONSE_CACHE } from '../cache/cache.tokens.js';
import { AdaptersInForce } from '../core/adapters-in-force.js';
import type { ResponseCache } from '../core/response-cache.js';
import { budgetKey } from '../core/keys.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { HubModule } from '../hub/hub.module.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { PipelineModule } from '../pipeline/pipeline.module.js';
import { PipelineRunner } from '../pipeline/pipeline.runner.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { DataKeys } from '../tenancy/data-keys.js';
import { HistoryRepository } from './history.repository.js';
import { PollDossiers } from './poll-dossiers.js';
import { PollingRepository } from './polling.repository.js';
import { HistoryPurgeDuty } from './purge-duty.js';
import { PollTargetRepository } from './poll-target.repository.js';
import { Poller } from './poller.js';
import { SnapshotRepository } from './snapshot.repository.js';
import { WatchRepository } from './watch.repository.js';

/** The poller, and the history that it leaves. ScheduleModule.forRoot() stands in the application. */
@Module({
  imports: [PipelineModule, HubModule],
  providers: [
    HistoryPurgeDuty,
    {
      provide: SnapshotRepository,
      inject: [Database, DataKeys],
      useFactory: (database: Database, keys: DataKeys) => new SnapshotRepository(database, keys),
    },
    {
      provide: HistoryRepository,
      inject: [Database, SnapshotRepository],
      useFactory: (database: Database, snapshots: SnapshotRepository) => new HistoryRepository(database, snapshots),
    },
    {
      provide: PollingRepository,
      inject: [Database, AuditTrail],
      useFactory: (database: Database, audit: AuditTrail) => new PollingRepository(database, audit),
    },
    {
      provide: WatchRepository,
      inject: [Database, DataKeys],
      useFactory: (database: Database, keys: DataKeys) => new WatchRepository(database, keys),
    },
    {
      provide: PollTargetRepository,
      inject: [Database],
      useFactory: (database: Database) => new PollTargetRepository(database),
    },
    {
      provide: PollDossiers,
      inject: [
        ...[
          PipelineRunner,
          RESPONSE_CACHE,
          SnapshotRepository,
          WatchRepository,
          EventLog,
          CommitSignal,
          AdaptersInForce,
        ],
      ],
      useFactory: (...[reads, cache, snapshots, watch, events, signal, inForce]: PollParts) =>
        new PollDossiers({
          ...{ reads, cache, snapshots, watch, events, signal },
          wait: (ms, ended) => pause(ms, undefined, { signal: ended }),
          pagingOf: (opcoId) => inForce.of(opcoId)?.paging,
        }),
    },
    {
      provide: Poller,
      inject: [Env, PollTargetRepository, PollDossiers, SchedulerRegistry, Metrics, InstancePermits],
      useFactory: (...[env, targets, polls, schedule, metrics, permits]: PollerParts) =>
        new Poller({
          ...{ env, targets, polls, schedule },
          random: Math.random,
          now: Date.now,
          callsPerSecondOf: (opcoId, environment) => permits.look(budgetKey(opcoId, environment)).rate,
          ended: (opco, result) => metrics.polls.inc({ opco, result }),
        }),
    },
  ],
  exports: [SnapshotRepository, HistoryRepository, PollingRepository],
})
export class PollerModule {}

type PollerParts = [Env, PollTargetRepository, PollDossiers, SchedulerRegistry, Metrics, InstancePermits];
type PollParts = [
  PipelineRunner,
  ResponseCache,
  SnapshotRepository,
  WatchRepository,
  EventLog,
  CommitSignal,
  AdaptersInForce,
];
