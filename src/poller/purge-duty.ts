import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PurgeRounds } from '../platform/purge-rounds.js';
import { purgeSnapshots } from './purge-snapshots.js';

/** Purges histories, in every process with the role `poller`. */
@Injectable()
export class HistoryPurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(Metrics) readonly metrics: Metrics;
  @Inject(LOG) readonly log: Logger;
  #purging: PurgeRounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('poller')) return;
    const { OPCOVIA_KEEP_VERSION_DAYS: versionDays, OPCOVIA_KEEP_DELETED_DOSSIER_DAYS: deletedDays } = this.env;
    const purge = () => purgeSnapshots(this.database, this.audit, { versionDays, deletedDays });
    this.#purging = new PurgeRounds(this, purge, this.env.OPCOVIA_HISTORY_PURGE_SECONDS);
    this.#purging.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#purging?.stop();
  }
}
