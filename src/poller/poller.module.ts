import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import { RESPONSE_CACHE } from '../cache/cache.tokens.js';
import { systemClock } from '../core/clock.js';
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
import { FactureRepository } from './facture.repository.js';
import { HistoryRepository } from './history.repository.js';
import { NoteBulkReads } from './note-bulk-reads.js';
import { PollDossiers } from './poll-dossiers.js';
import { PollingRepository } from './polling.repository.js';
import { HistoryPurgeDuty } from './purge-duty.js';
import { PollTargetRepository } from './poll-target.repository.js';
import { Poller } from './poller.js';
import { ReadClock, type ReadClockPorts } from './read-clock.js';
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
      provide: FactureRepository,
      inject: [Database, DataKeys, EventLog],
      useFactory: (database: Database, keys: DataKeys, events: EventLog) =>
        new FactureRepository(database, keys, events),
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
          Database,
          PipelineRunner,
          RESPONSE_CACHE,
          SnapshotRepository,
          WatchRepository,
          FactureRepository,
          EventLog,
          CommitSignal,
          AdaptersInForce,
        ],
      ],
      useFactory: (...[database, reads, cache, snapshots, watch, factures, events, signal, inForce]: PollParts) =>
        new PollDossiers({
          ...{ database, reads, cache, snapshots, watch, factures, events, signal },
          wait: (ms, ended) => pause(ms, undefined, { signal: ended }),
          elapsedSeconds: () => systemClock.elapsed() / 1000,
          listsFactures: (opcoId) => serves(reads, opcoId),
          pagingOf: (opcoId) => inForce.of(opcoId)?.paging,
        }),
    },
    {
      provide: NoteBulkReads,
      inject: [Env, PollTargetRepository, WatchRepository, InstancePermits],
      useFactory: (...[env, targets, watch, permits]: NoteParts) =>
        new NoteBulkReads({ targets, watch, clock: new ReadClock(clockPorts(env, permits)), time: systemClock }),
    },
    {
      provide: Poller,
      inject: [Env, PollTargetRepository, PollDossiers, SchedulerRegistry, Metrics, InstancePermits],
      useFactory: (...[env, targets, polls, schedule, metrics, permits]: PollerParts) =>
        new Poller({
          ...{ env, targets, polls, schedule },
          ...clockPorts(env, permits),
          ended: (opco, result) => metrics.polls.inc({ opco, result }),
        }),
    },
  ],
  exports: [SnapshotRepository, HistoryRepository, PollingRepository, NoteBulkReads],
})
export class PollerModule {}

/** Whether the OPCO lists the states of invoices, and the operator has them served. */
function serves(reads: PipelineRunner, opcoId: string): boolean {
  try {
    reads.served({ opcoId, endpoint: 'facturesEtats' });
    return true;
  } catch {
    return false;
  }
}

/** By the real clock, and by what each OPCO is believed to bear at this moment. */
function clockPorts(env: Env, permits: InstancePermits): ReadClockPorts & { readonly env: Env } {
  return {
    env,
    random: Math.random,
    now: Date.now,
    callsPerSecondOf: (opcoId, environment) => permits.look(budgetKey(opcoId, environment)).rate,
  };
}

type NoteParts = [Env, PollTargetRepository, WatchRepository, InstancePermits];
type PollerParts = [Env, PollTargetRepository, PollDossiers, SchedulerRegistry, Metrics, InstancePermits];
type PollParts = [
  Database,
  PipelineRunner,
  ResponseCache,
  SnapshotRepository,
  WatchRepository,
  FactureRepository,
  EventLog,
  CommitSignal,
  AdaptersInForce,
];
