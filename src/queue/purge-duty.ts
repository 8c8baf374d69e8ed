import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Rounds } from '../platform/rounds.js';
import { RetentionRepository, type RetentionRules } from './retention.repository.js';

/**
 * Purges at a fixed pace in every process with the role `worker`, batch after batch until nothing is left that has been kept long
 * enough. No leader: instances pass over each other's rows.
 */
@Injectable()
export class PurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) private readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(Metrics) private readonly metrics: Metrics;
  @Inject(LOG) private readonly log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #rounds: Rounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const repository = new RetentionRepository(this.database, this.audit, retentionRules(this.env));
    const rounds = new Rounds({
      work: () => this.#purge(repository),
      onError: (err) => this.log.error({ err }, 'purge stopped halfway'),
    });
    this.#timer = setInterval(() => rounds.wake(), this.env.OPCOVIA_PURGE_INTERVAL_SECONDS * 1000).unref();
    rounds.wake();
    this.#rounds = rounds;
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rounds?.stop();
  }

  async #purge(repository: RetentionRepository): Promise<boolean> {
    const purged = Object.entries(await repository.purge()).filter(([, count]) => count > 0);
    for (const [kind, count] of purged) this.metrics.purged.inc({ kind }, count);
    return purged.length > 0;
  }
}

/** The times of the purge, out of the configuration. */
function retentionRules(env: Env): RetentionRules {
  return {
    completedDays: env.OPCOVIA_KEEP_COMPLETED_DAYS,
    failedDays: env.OPCOVIA_KEEP_FAILED_DAYS,
    cancelledDays: env.OPCOVIA_KEEP_FAILED_DAYS,
    reviewDays: env.OPCOVIA_KEEP_REVIEW_DAYS,
    resultDays: env.OPCOVIA_KEEP_RESULT_DAYS,
    claimDays: env.OPCOVIA_KEEP_CLAIM_DAYS,
    jobDays: env.OPCOVIA_KEEP_JOB_DAYS,
  };
}
