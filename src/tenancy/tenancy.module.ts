import { Global, Inject, Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AuditModule } from '../audit/audit.module.js';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { KeyRing } from '../platform/crypto/key-ring.js';
import { TENANT_KEYS } from '../platform/crypto/tenant-keys.js';
import { Database } from '../platform/database/database.js';
import { Admission } from './admission.js';
import { DataKeys } from './data-keys.js';
import { OpcoClientsRepository } from './opco-clients.repository.js';
import { OpcoCredentialsRepository } from './opco-credentials.repository.js';
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
    // Lost use is a date that stays a minute older: not worth an alarm of its own while PostgreSQL is away.
    await this.tenants.noteUse(this.admission.takeUse()).catch(() => undefined);
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.note();
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
    provide: Admission,
    inject: [Database, CLOCK],
    useFactory: (db: Database, clock: Clock) => new Admission(db, clock),
  },
  {
    provide: TenantsRepository,
    inject: [Database, AuditTrail],
    useFactory: (db: Database, audit: AuditTrail) => new TenantsRepository(db, audit),
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

/** Tenants, their keys, and every secret that is kept for them. */
@Global()
@Module({
  imports: [AuditModule],
  providers: [...providers, NoteKeyUse],
  exports: providers.map(({ provide }) => provide),
})
export class TenancyModule {}
