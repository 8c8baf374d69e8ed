import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PurgeRounds } from '../platform/purge-rounds.js';
import { RetentionRepository, type RetentionRules } from './retention.repository.js';

/** Purges jobs and what belongs to them, in every process with the role `worker`. */
@Injectable()
export class PurgeDuty implements OnApplicationBootstrap, OnModuleDestroy {
  @Inject(Env) readonly env: Env;
  @Inject(Database) private readonly database: Database;
  @Inject(AuditTrail) private readonly audit: AuditTrail;
  @Inject(Metrics) readonly metrics: Metrics;
  @Inject(LOG) readonly log: Logger;
  #purging: PurgeRounds | undefined;

  onApplicationBootstrap(): void {
    if (!this.env.roles.has('worker')) return;
    const repository = new RetentionRepository(this.database, this.audit, retentionRules(this.env));
    this.#purging = new PurgeRounds(this, () => repository.purge());
    this.#purging.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#purging?.stop();
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
