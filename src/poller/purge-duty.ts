import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Rounds } from '../platform/rounds.js';
import { purgeSnapshots } from './purge-snapshots.js';

/** Purges histories at a fixed pace in every process with the role `poller`; instances pass over each other's rows. */
@Injectable()
export class HistoryPurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(Metrics) private readonly metrics: Metrics;
  @Inject(LOG) private readonly log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #rounds: Rounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('poller')) return;
    const rounds = new Rounds({
      work: () => this.#purge(),
      onError: (err) => this.log.error({ err }, 'purge of histories stopped halfway'),
    });
    this.#timer = setInterval(() => rounds.wake(), this.env.OPCOVIA_HISTORY_PURGE_SECONDS * 1000).unref();
    this.#rounds = rounds;
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rounds?.stop();
  }

  async #purge(): Promise<boolean> {
    const { OPCOVIA_KEEP_VERSION_DAYS: versionDays, OPCOVIA_KEEP_DELETED_DOSSIER_DAYS: deletedDays } = this.env;
    const { versions, dossiers } = await purgeSnapshots(this.database, this.audit, { versionDays, deletedDays });
    if (versions > 0) this.metrics.purged.inc({ kind: 'versions' }, versions);
    if (dossiers > 0) this.metrics.purged.inc({ kind: 'dossiers' }, dossiers);
    return versions + dossiers > 0;
  }
}
