import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PurgeRounds } from '../platform/purge-rounds.js';
import { EventRetentionRepository } from './event-retention.repository.js';

/** Purges events and what became of their deliveries, in every process with the role `worker`. */
@Injectable()
export class EventPurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(Metrics) readonly metrics: Metrics;
  @Inject(LOG) readonly log: Logger;
  #purging: PurgeRounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const repository = new EventRetentionRepository(this.database, new AuditTrail(), this.env.OPCOVIA_KEEP_EVENT_DAYS);
    this.#purging = new PurgeRounds(this, () => repository.purge());
    this.#purging.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#purging?.stop();
  }
}
