import { createHash, randomBytes } from 'node:crypto';
import { Global, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { systemClock } from '../../src/core/clock.js';
import { readTenantHash, type TenantHash } from '../../src/core/tenant.js';
import { CommitSignal } from '../../src/events/commit-signal.js';
import { EventLog } from '../../src/events/event-log.js';
import { CLOCK } from '../../src/platform/clock.token.js';
import { Env } from '../../src/platform/config/env.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import { Database } from '../../src/platform/database/database.js';
import { createLog } from '../../src/platform/logging/log.js';
import { LOG } from '../../src/platform/logging/log.token.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { DeliveryLogRepository } from '../../src/webhooks/delivery-log.repository.js';
import { RedeliveryRepository } from '../../src/webhooks/redelivery.repository.js';
import { VerifyWebhook } from '../../src/webhooks/verify-webhook.js';
import { WebhookModule } from '../../src/webhooks/webhook.module.js';
import { WebhookSecretsRepository } from '../../src/webhooks/webhook-secrets.repository.js';
import { WebhookRepository } from '../../src/webhooks/webhook.repository.js';
import { anEvent, type LooseEvent } from './loose-event.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** Who asks, in these tests. */
export const author = { actor: 'key:test', requestId: 'req-1' };

/** The webhook module on a database of its own, with fast timers, and a receiver that it may reach. */
export class WebhookApp {
  readonly receiver = new WebhookReceiver();
  readonly #ring = KeyRing.parse(`k1:${randomBytes(32).toString('hex')}`);
  #app: INestApplicationContext | undefined;

  private constructor(
    readonly db: TestDatabase,
    private readonly settings: Partial<Env>,
    private port = 0,
  ) {}

  static async create(settings: Partial<Env> = {}): Promise<WebhookApp> {
    const app = new WebhookApp(await createTestDatabase(), settings);
    app.port = await app.receiver.listen();
    await app.start();
    return app;
  }

  async start(): Promise<void> {
    const env = Object.assign(new Env(), {
      OPCOVIA_ROLES: 'worker',
      OPCOVIA_TICK_MS: 20,
      OPCOVIA_WEBHOOK_SCHEDULE_MS: '0,40,60,80',
      OPCOVIA_WEBHOOK_TIMEOUT_SECONDS: 0.5,
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${this.port}`,
      OPCOVIA_WEBHOOKS_PER_TENANT: 3,
      ...this.settings,
    });
    @Global()
    @Module({
      providers: [
        { provide: Env, useValue: env },
        { provide: Database, useValue: this.db.database },
        { provide: KeyRing, useValue: this.#ring },
        { provide: CLOCK, useValue: systemClock },
        { provide: Metrics, useValue: new Metrics() },
        { provide: LOG, useValue: createLog('silent') },
      ],
      exports: [Env, Database, KeyRing, CLOCK, Metrics, LOG],
    })
    class Ground {}
    @Module({ imports: [Ground, ScheduleModule.forRoot(), WebhookModule] })
    class App {}
    this.#app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await this.receiver.close();
    await this.db.drop();
  }

  get webhooks(): WebhookRepository {
    return this.#running().get(WebhookRepository);
  }

  get log(): DeliveryLogRepository {
    return this.#running().get(DeliveryLogRepository);
  }

  get secrets(): WebhookSecretsRepository {
    return this.#running().get(WebhookSecretsRepository);
  }

  get redeliveries(): RedeliveryRepository {
    return this.#running().get(RedeliveryRepository);
  }

  get verification(): VerifyWebhook {
    return this.#running().get(VerifyWebhook);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async aTenant(): Promise<TenantHash> {
    const tenant = readTenantHash(createHash('sha256').update(randomBytes(16)).digest('hex'));
    await this.db.database.asSystem((sql) =>
      sql.query("INSERT INTO tenants (tenant_hash, nom, environment) VALUES ($1, 'CFA', 'test')", [tenant]),
    );
    return tenant;
  }

  subscribe(tenant: TenantHash, path: string, more: object = {}) {
    const draft = { url: this.url(path), events: ['job.completed' as const, 'dossier.etat_changed' as const], ...more };
    return this.webhooks.create(tenant, draft, author);
  }

  /** Commits each event in a transaction of its own, then announces them. */
  async publish(tenant: TenantHash, ...events: LooseEvent[]): Promise<void> {
    for (const event of events) {
      await this.db.database.asTenant(tenant, (sql) => new EventLog().append(sql, tenant, anEvent(event)));
    }
    this.#running().get(CommitSignal).announce();
  }

  #running(): INestApplicationContext {
    if (!this.#app) throw new Error('The application is stopped');
    return this.#app;
  }
}

/** Asks again until it holds: a database sends no signal. */
export async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
