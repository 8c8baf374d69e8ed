import {
  Global,
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AuditModule } from '../audit/audit.module.js';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { KEY_COVERAGE } from '../platform/crypto/key-coverage.js';
import { KeyRing } from '../platform/crypto/key-ring.js';
import { TENANT_KEYS } from '../platform/crypto/tenant-keys.js';
import { Database } from '../platform/database/database.js';
import type { DatabaseNews } from '../platform/database/news.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Admission } from './admission.js';
import { DataKeys } from './data-keys.js';
import { StoredKeyCoverage } from './key-references.js';
import { keyNewsFor } from './key-news.js';
import { OpcoClientsRepository } from './opco-clients.repository.js';
import { OpcoCredentialsRepository } from './opco-credentials.repository.js';
import { OwnKeysRepository } from './own-keys.repository.js';
import { StrangerLimit } from './stranger-limit.js';
import { TenantCacheKeys } from './tenant-cache-keys.js';
import { TenantsRepository } from './tenants.repository.js';

const minuteMs = 60_000;

/** Writes down, once a minute and at the end, which keys were used: never on the way of a request. */
@Injectable()
class NoteKeyUse implements BeforeApplicationShutdown {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(TenantsRepository) private readonly tenants: TenantsRepository,
  ) {}

  @Interval(minuteMs)
  async note(): Promise<void> {
    const use = this.admission.takeUse();
    // Not worth an alarm of its own while PostgreSQL is away: the next minute writes it.
    await this.tenants.noteUse(use).catch(() => this.admission.takeBack(use));
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.note();
  }
}

/** Hears at once who may enter no more, who may now, and whose key at an OPCO is another one. */
@Injectable()
class KeyNews implements OnModuleInit, OnApplicationShutdown {
  readonly #news: DatabaseNews;

  constructor(
    @Inject(Admission) admission: Admission,
    @Inject(OpcoCredentialsRepository) credentials: OpcoCredentialsRepository,
    @Inject(Metrics) metrics: Metrics,
    @Inject(Env) env: Env,
  ) {
    this.#news = keyNewsFor({ admission, credentials }, env.DATABASE_APP_URL ?? env.DATABASE_URL ?? '');
    metrics.watch('opcovia_database_news', 'Whether announcements of PostgreSQL are heard (1) or missed (0).', () => [
      { labels: { kind: 'keys', name: 'listening' }, value: this.#news.listening ? 1 : 0 },
    ]);
  }

  onModuleInit(): Promise<void> {
    return this.#news.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#news.stop();
  }
}

const providers = [
  {
    provide: DataKeys,
    inject: [Database, KeyRing],
    useFactory: (db: Database, ring: KeyRing) => new DataKeys(db, ring),
  },
  { provide: TenantCacheKeys, inject: [DataKeys], useFactory: (keys: DataKeys) => new TenantCacheKeys(keys) },
  { provide: TENANT_KEYS, useExisting: TenantCacheKeys },
  {
    provide: KEY_COVERAGE,
    inject: [Database, KeyRing],
    useFactory: (db: Database, ring: KeyRing) => new StoredKeyCoverage(db, ring),
  },
  {
    provide: Admission,
    inject: [Database, CLOCK, Env],
    useFactory: (db: Database, clock: Clock, env: Env) => new Admission(db, clock, strangersOf(env, clock)),
  },
  {
    provide: TenantsRepository,
    inject: [Database, AuditTrail],
    useFactory: (db: Database, audit: AuditTrail) => new TenantsRepository(db, audit),
  },
  {
    provide: OwnKeysRepository,
    inject: [Database, AuditTrail, CLOCK],
    useFactory: (db: Database, audit: AuditTrail, clock: Clock) => new OwnKeysRepository(db, audit, clock),
  },
  {
    provide: OpcoCredentialsRepository,
    inject: [Database, DataKeys, AuditTrail],
    useFactory: (db: Database, keys: DataKeys, audit: AuditTrail) => new OpcoCredentialsRepository(db, keys, audit),
  },
  {
    provide: OpcoClientsRepository,
    inject: [Database, KeyRing, AuditTrail],
    useFactory: (db: Database, ring: KeyRing, audit: AuditTrail) => new OpcoClientsRepository(db, ring, audit),
  },
];

function strangersOf(env: Env, clock: Clock): StrangerLimit {
  const rules = { perMinute: env.OPCOVIA_UNKNOWN_KEYS_PER_MINUTE, burst: env.OPCOVIA_UNKNOWN_KEYS_BURST };
  return new StrangerLimit(rules, clock);
}

/** Tenants, their keys, and every secret that is kept for them. */
@Global()
@Module({
  imports: [AuditModule],
  providers: [...providers, NoteKeyUse, KeyNews],
  exports: providers.map(({ provide }) => provide),
})
export class TenancyModule {}
