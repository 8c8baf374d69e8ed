import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Rounds } from '../platform/rounds.js';
import { EventRetentionRepository } from './event-retention.repository.js';

/**
 * Purges events at a fixed pace in every process with the role `worker`, batch after batch until nothing is left that has been kept
 * long enough. No leader: instances pass over each other's rows.
 */
@Injectable()
export class EventPurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(Metrics) private readonly metrics: Metrics;
  readonly #logger = new Logger('Webhooks');
  #timer: NodeJS.Timeout | undefined;
  #rounds: Rounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const repository = new EventRetentionRepository(this.database, new AuditTrail(), this.env.OPCOVIA_KEEP_EVENT_DAYS);
    const rounds = new Rounds({
      work: () => this.#purge(repository),
      onError: (error) =>
        this.#logger.warn(`La purge des événements a échoué (${error instanceof Error ? error.name : 'inconnu'}).`),
    });
    this.#timer = setInterval(() => rounds.wake(), this.env.OPCOVIA_PURGE_INTERVAL_SECONDS * 1000).unref();
    rounds.wake();
    this.#rounds = rounds;
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rounds?.stop();
  }

  async #purge(repository: EventRetentionRepository): Promise<boolean> {
    const purged = await repository.purge();
    for (const [kind, count] of Object.entries(purged)) if (count > 0) this.metrics.purged.inc({ kind }, count);
    return purged.events > 0;
  }
}
