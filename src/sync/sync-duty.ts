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
import { Rounds } from '../platform/rounds.js';
import { SnapshotRepository } from '../poller/snapshot.repository.js';
import { SyncRetentionRepository } from './sync-retention.repository.js';
import { SyncWake } from './sync-wake.js';
import type { SyncWorker } from './sync-worker.js';
import { syncWorker } from './wire-worker.js';

/** Starts synchronisations and their purge in a process with the role `worker`, and ends both before the connections close. */
@Injectable()
export class SyncDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(PipelineRunner) private readonly reads: PipelineRunner;
  @Inject(SnapshotRepository) private readonly snapshots: SnapshotRepository;
  @Inject(EventLog) private readonly events: EventLog;
  @Inject(CommitSignal) private readonly signal: CommitSignal;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(RESPONSE_CACHE) private readonly cache: ResponseCache;
  @Inject(AdaptersInForce) private readonly inForce: AdaptersInForce;
  @Inject(CLOCK) private readonly clock: Clock;
  @Inject(Metrics) private readonly metrics: Metrics;
  @Inject(SyncWake) private readonly waking: SyncWake;
  @Inject(LOG) private readonly log: Logger;
  #worker: SyncWorker | undefined;
  #purge: Rounds | undefined;
  #timer: NodeJS.Timeout | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const worker = this.#work();
    this.waking.listen(() => worker.wake());
    worker.start();
    this.#worker = worker;
    this.#startPurge();
  }

  /** In the first phase of a stop: webhooks, which end in the second, still number and send what the last batches tell. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker?.stop();
    await this.#purge?.stop();
  }

  #work(): SyncWorker {
    const { env, database, reads, snapshots, events, signal, audit, clock } = this;
    return syncWorker({
      ...{ env, database, reads, snapshots, events, signal, audit, clock },
      random: Math.random,
      wait: (ms, ended) => pause(ms, undefined, { signal: ended }),
      pagingOf: (opcoId) => this.inForce.of(opcoId)?.paging,
      forget: (opcoId, tenant, entities) => this.cache.forget(opcoId, tenant, entities),
      counted: (opco, result, count) => this.metrics.syncDossiers.inc({ opco, result }, count),
      failed: (err) => this.log.error({ err }, 'synchronisation interrupted'),
    });
  }

  #startPurge(): void {
    const repository = new SyncRetentionRepository(this.database, this.audit, this.env.OPCOVIA_KEEP_SYNC_DAYS);
    const rounds = new Rounds({
      work: async () => {
        const purged = Object.entries(await repository.purge()).filter(([, count]) => count > 0);
        for (const [kind, count] of purged) this.metrics.purged.inc({ kind }, count);
        return purged.length > 0;
      },
      onError: (err) => this.log.error({ err }, 'purge of synchronisations stopped halfway'),
    });
    this.#timer = setInterval(() => rounds.wake(), this.env.OPCOVIA_PURGE_INTERVAL_SECONDS * 1000).unref();
    rounds.wake();
    this.#purge = rounds;
  }
}
