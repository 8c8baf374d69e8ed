import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { EventsModule } from '../events/events.module.js';
import { PipelineModule } from '../pipeline/pipeline.module.js';
import { PollerModule } from '../poller/poller.module.js';
import { QueueModule } from '../queue/queue.module.js';
import { SyncModule } from '../sync/sync.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { WebhookModule } from '../webhooks/webhook.module.js';
import { ApiKeyStrategy } from './admission/api-key.strategy.js';
import { TenantGuard } from './admission/tenant.guard.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { EventsController } from './events/events.controller.js';
import { HealthController } from './health/health.controller.js';
import { JobsController } from './jobs/jobs.controller.js';
import { MeController } from './me/me.controller.js';
import { DepositDoor } from './opco/accept.js';
import { CertificatsController } from './opco/certificats.controller.js';
import { CoherenceController } from './opco/coherence.controller.js';
import { ConventionsController } from './opco/conventions.controller.js';
import { DocumentsController } from './opco/documents.controller.js';
import { DossiersController } from './opco/dossiers.controller.js';
import { HistoryController } from './opco/history.controller.js';
import { FacturesController } from './opco/factures.controller.js';
import { EtatsPages } from './opco/etats-pages.js';
import { StatusController } from './opco/status.controller.js';
import { DeliveriesController } from './webhooks/deliveries.controller.js';
import { SyncController } from './sync/sync.controller.js';
import { PollingController } from './polling/polling.controller.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';

/**
 * The front door: every route that an integrator can reach, and the one guard in front of all of them. The hook that refuses
 * before a body is read, and the one filter, are fastened in `create-api.ts`. Nobody imports this module but the application.
 */
@Module({
  imports: [
    PassportModule,
    TenancyModule,
    PipelineModule,
    QueueModule,
    PollerModule,
    EventsModule,
    SyncModule,
    WebhookModule,
  ],
  // Static paths first: `me`, `webhooks` and `events` are no OPCOs.
  controllers: [
    HealthController,
    MeController,
    WebhooksController,
    DeliveriesController,
    EventsController,
    StatusController,
    JobsController,
    SyncController,
    CredentialsController,
    PollingController,
    DossiersController,
    HistoryController,
    CoherenceController,
    ConventionsController,
    FacturesController,
    CertificatsController,
    DocumentsController,
  ],
  providers: [ApiKeyStrategy, { provide: APP_GUARD, useClass: TenantGuard }, DepositDoor, EtatsPages],
})
export class ApiModule {}
