import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { CommitSignal } from '../events/commit-signal.js';
import { EventLog } from '../events/event-log.js';
import { EventsModule } from '../events/events.module.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { KeyRing } from '../platform/crypto/key-ring.js';
import { Database } from '../platform/database/database.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { AddressPolicy } from './address-policy.js';
import { DeliveryLogRepository } from './delivery-log.repository.js';
import { EventPurgeDuty } from './event-purge-duty.js';
import { RedeliveryRepository } from './redelivery.repository.js';
import { VerifyWebhook } from './verify-webhook.js';
import { WebhookClient } from './webhook-client.js';
import { WebhookSecretsRepository } from './webhook-secrets.repository.js';
import { boundsOf } from './webhook-rules.js';
import { WebhookWork } from './webhook-work.js';
import { WebhookRepository } from './webhook.repository.js';

/** The wildcard addresses stand for all of the machine's own. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

const timeoutMsOf = (env: Env) => env.OPCOVIA_WEBHOOK_TIMEOUT_SECONDS * 1000;

/** Subscriptions for the API, and with the role `worker` the work behind them. ScheduleModule.forRoot() stands in the application. */
@Module({
  imports: [EventsModule],
  providers: [
    {
      provide: AddressPolicy,
      inject: [Env],
      useFactory: (env: Env) =>
        new AddressPolicy({
          ports: new Set(env.OPCOVIA_WEBHOOK_PORTS.split(',').map(Number)),
          allowedNetworks: env.OPCOVIA_WEBHOOK_ALLOWED_NETWORKS,
          ownAddresses: ownAddresses(),
        }),
    },
    {
      provide: WebhookRepository,
      inject: [Database, KeyRing, AddressPolicy, Env],
      useFactory: (database: Database, ring: KeyRing, policy: AddressPolicy, env: Env) =>
        new WebhookRepository(database, {
          ring,
          policy,
          audit: new AuditTrail(),
          perTenant: env.OPCOVIA_WEBHOOKS_PER_TENANT,
          bounds: boundsOf(env),
          mustVerify: env.OPCOVIA_WEBHOOK_VERIFICATION === 'required',
        }),
    },
    {
      provide: WebhookSecretsRepository,
      inject: [Database, KeyRing, Env],
      useFactory: (database: Database, ring: KeyRing, env: Env) =>
        new WebhookSecretsRepository(database, {
          ...{ ring, audit: new AuditTrail(), bounds: boundsOf(env) },
          overlapHours: env.OPCOVIA_WEBHOOK_ROTATION_HOURS,
        }),
    },
    {
      provide: RedeliveryRepository,
      inject: [Database, CLOCK, Env],
      useFactory: (database: Database, clock: Clock, env: Env) =>
        new RedeliveryRepository(database, {
          ...{ audit: new AuditTrail(), clock },
          ...{ batch: env.OPCOVIA_WEBHOOK_RECOVER_BATCH, keptDays: env.OPCOVIA_KEEP_EVENT_DAYS },
        }),
    },
    {
      provide: WebhookClient,
      inject: [AddressPolicy, CLOCK, Env],
      useFactory: (policy: AddressPolicy, clock: Clock, env: Env) =>
        new WebhookClient({ policy, clock, timeoutMs: timeoutMsOf(env) }),
    },
    {
      provide: VerifyWebhook,
      inject: [Database, KeyRing, CLOCK, WebhookClient, Env],
      useFactory: (...[database, ring, clock, client, env]: [Database, KeyRing, Clock, WebhookClient, Env]) =>
        new VerifyWebhook(database, {
          ...{ ring, clock, audit: new AuditTrail(), bounds: boundsOf(env), timeoutMs: timeoutMsOf(env) },
          wait: (ms) => sleep(ms),
          post: (url, body, headers) => client.post(url, body, headers),
        }),
    },
    EventPurgeDuty,
    {
      provide: DeliveryLogRepository,
      inject: [Database, EventLog, CommitSignal],
      useFactory: (database: Database, events: EventLog, signal: CommitSignal) =>
        new DeliveryLogRepository(database, { audit: new AuditTrail(), events, signal }),
    },
    {
      provide: WebhookWork,
      inject: [Env, Database, KeyRing, CLOCK, EventLog, CommitSignal, WebhookClient, SchedulerRegistry, Metrics],
      useFactory: (...[env, database, ring, clock, events, signal, client, schedule, metrics]: WorkParts) =>
        new WebhookWork({
          ...{ env, database, ring, clock, events, signal, client, schedule },
          attempted: (result) => metrics.webhookAttempts.inc({ result }),
          settled: (result) => metrics.webhookDeliveries.inc({ result }),
        }),
    },
  ],
  exports: [WebhookRepository, WebhookSecretsRepository, DeliveryLogRepository, RedeliveryRepository, VerifyWebhook],
})
export class WebhookModule {}

type WorkParts = [Env, Database, KeyRing, Clock, EventLog, CommitSignal, WebhookClient, SchedulerRegistry, Metrics];
