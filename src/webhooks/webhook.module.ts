import { networkInterfaces } from 'node:os';
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
import { WebhookWork } from './webhook-work.js';
import { WebhookRepository } from './webhook.repository.js';

/** The wildcard addresses stand for all of the machine's own. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

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
        }),
    },
    {
      provide: DeliveryLogRepository,
      inject: [Database, EventLog, CommitSignal],
      useFactory: (database: Database, events: EventLog, signal: CommitSignal) =>
        new DeliveryLogRepository(database, { audit: new AuditTrail(), events, signal }),
    },
    {
      provide: WebhookWork,
      inject: [Env, Database, KeyRing, CLOCK, EventLog, CommitSignal, AddressPolicy, SchedulerRegistry, Metrics],
      useFactory: (...[env, database, ring, clock, events, signal, policy, schedule, metrics]: WorkParts) =>
        new WebhookWork({
          ...{ env, database, ring, clock, events, signal, policy, schedule },
          attempted: (result) => metrics.webhookAttempts.inc({ result }),
        }),
    },
  ],
  exports: [WebhookRepository, DeliveryLogRepository],
})
export class WebhookModule {}

type WorkParts = [Env, Database, KeyRing, Clock, EventLog, CommitSignal, AddressPolicy, SchedulerRegistry, Metrics];
