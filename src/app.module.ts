import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { ApiModule } from './api/api.module.js';
import { AuditModule } from './audit/audit.module.js';
import { CacheModule } from './cache/cache.module.js';
import { EventsModule } from './events/events.module.js';
import { HubModule } from './hub/hub.module.js';
import { InboundModule } from './hub/inbound/inbound.module.js';
import { PipelineModule } from './pipeline/pipeline.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import type { Env } from './platform/config/env.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { HealthModule } from './platform/health/health.module.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { RedisModule } from './platform/redis/redis.module.js';
import { PollerModule } from './poller/poller.module.js';
import { QueueModule } from './queue/queue.module.js';
import { SyncModule } from './sync/sync.module.js';
import { TenancyModule } from './tenancy/tenancy.module.js';
import { WebhookModule } from './webhooks/webhook.module.js';

/** The table of contents. The order carries no meaning: the pipeline's order is in `pipeline/pipeline.ts`. */
@Module({})
export class AppModule {
  static of(env: Env, log: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(env),
        LoggingModule.of(log),
        MetricsModule,
        DatabaseModule,
        RedisModule,
        HealthModule,
        ScheduleModule.forRoot(),
        TenancyModule,
        AuditModule,
        EventsModule,
        CacheModule,
        HubModule,
        InboundModule,
        PipelineModule,
        QueueModule,
        PollerModule,
        SyncModule,
        WebhookModule,
        ...(env.roles.has('api') ? [ApiModule] : []),
      ],
    };
  }
}
