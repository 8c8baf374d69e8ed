import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { RESPONSE_CACHE } from '../cache/cache.tokens.js';
import { AdaptersInForce } from '../core/adapters-in-force.js';
import type { Clock } from '../core/clock.js';
import type { ResponseCache } from '../core/response-cache.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { PipelineRunner } from '../pipeline/pipeline.runner.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PurgeRounds } from '../platform/purge-rounds.js';
import { NoteBulkReads } from '../poller/note-bulk-reads.js';
import { SnapshotRepository } from '../poller/snapshot.repository.js';
import { SyncRetentionRepository } from './sync-retention.repository.js';
import { SyncWake } from './sync-wake.js';
import type { SyncWorker } from './sync-worker.js';
import { syncWorker } from './wire-worker.js';

/** Starts synchronisations and their purge in a process with the role `worker`, and ends both before the connections close. */
@Injectable()
export class SyncDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(PipelineRunner) private readonly reads: PipelineRunner;
  @Inject(SnapshotRepository) private readonly snapshots: SnapshotRepository;
  @Inject(NoteBulkReads) private readonly notes: NoteBulkReads;
  @Inject(EventLog) private readonly events: EventLog;
  @Inject(CommitSignal) private readonly signal: CommitSignal;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(RESPONSE_CACHE) private readonly cache: ResponseCache;
  @Inject(AdaptersInForce) private readonly inForce: AdaptersInForce;
  @Inject(CLOCK) private readonly clock: Clock;
  @Inject(Metrics) readonly metrics: Metrics;
  @Inject(SyncWake) private readonly waking: SyncWake;
  @Inject(LOG) readonly log: Logger;
  #worker: SyncWorker | undefined;
  #purging: PurgeRounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const worker = this.#work();
    this.waking.listen(() => worker.wake());
    worker.start();
    this.#worker = worker;
    const retention = new SyncRetentionRepository(this.database, this.audit, this.env.OPCOVIA_KEEP_SYNC_DAYS);
    this.#purging = new PurgeRounds(this, () => retention.purge());
    this.#purging.start();
  }

  /** In the first phase of a stop: webhooks, which end in the second, still number and send what the last batches tell. */
  async onModuleDestroy(): Promise<void> {
    await this.#worker?.stop();
    await this.#purging?.stop();
  }

  #work(): SyncWorker {
    const { env, database, reads, snapshots, notes, events, signal, audit, clock } = this;
    return syncWorker({
      ...{ env, database, reads, snapshots, notes, events, signal, audit, clock },
      random: Math.random,
      wait: (ms, ended) => pause(ms, undefined, { signal: ended }),
      pagingOf: (opcoId) => this.inForce.of(opcoId)?.paging,
      forget: (opcoId, tenant, entities) => this.cache.forget(opcoId, tenant, entities),
      counted: (opco, result, count) => this.metrics.syncDossiers.inc({ opco, result }, count),
      failed: (err) => this.log.error({ err }, 'synchronisation interrupted'),
    });
  }
}
