import type { TenantHash } from '../../core/tenant.js';
import type { Database, Sql } from './database.js';

/** What every repository of a tenant's rows extends: each of its methods takes the tenant first and goes through here. */
export abstract class TenantScopedRepository {
  constructor(protected readonly database: Database) {}

  /** One transaction in which only this tenant's rows exist. */
  protected within<T>(tenant: TenantHash, work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.database.asTenant(tenant, work);
  }
}
