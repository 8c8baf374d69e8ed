import {
  Global,
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { Database } from '../platform/database/database.js';
import { Leadership } from '../platform/database/leadership.js';
import { AuditChainer } from './audit-chainer.js';
import { AuditTrail } from './audit-trail.js';
import { CacheHitLog } from './cache-hit-log.js';
import { UpstreamCallLog } from './upstream-call-log.js';

/** Drives what the trail does by time; whatever PostgreSQL refuses is tried again by the next tick. */
@Injectable()
class AuditTicks implements BeforeApplicationShutdown, OnApplicationShutdown {
  #chaining: Promise<unknown> | undefined;

  constructor(
    @Inject(AuditChainer) private readonly chainer: AuditChainer,
    @Inject(UpstreamCallLog) private readonly calls: UpstreamCallLog,
    @Inject(CacheHitLog) private readonly hits: CacheHitLog,
  ) {}

  @Interval(2_000)
  chain(): void {
    this.#chaining ??= this.chainer
      .tick()
      .catch(() => undefined)
      .finally(() => (this.#chaining = undefined));
  }

  @Interval(1_000)
  async retryCalls(): Promise<void> {
    if (this.calls.pending > 0) await this.calls.flush();
  }

  @Interval(60_000)
  async writeHits(): Promise<void> {
    await this.hits.flush();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.calls.flush(), this.hits.flush(), this.#chaining]);
    await this.chainer.stop().catch(() => undefined);
  }

  /** Requests that were still under way at the first call have ended since. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.calls.flush(), this.hits.flush()]);
  }
}

const providers = [
  AuditTrail,
  {
    provide: AuditChainer,
    inject: [Database, CLOCK],
    useFactory: (database: Database, clock: Clock) => new AuditChainer(database, new Leadership(database), clock),
  },
  {
    provide: UpstreamCallLog,
    inject: [Database, AuditTrail],
    useFactory: (database: Database, audit: AuditTrail) => new UpstreamCallLog(database, audit),
  },
  {
    provide: CacheHitLog,
    inject: [Database, AuditTrail],
    useFactory: (database: Database, audit: AuditTrail) => new CacheHitLog(database, audit),
  },
];

/** The audit trail, its chain and its batched writers. */
@Global()
@Module({
  providers: [...providers, AuditTicks],
  exports: [AuditTrail, UpstreamCallLog, CacheHitLog, AuditChainer],
})
export class AuditModule {}
