import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import { claimKey } from './idempotency.js';

/** What PostgreSQL knows of the deposits that are not over. */
export class BacklogRepository {
  constructor(private readonly database: Pick<Database, 'asSystem' | 'asTenant'>) {}

  /** Deposits that wait or are under way, by tenant. What needs a review waits for a person, not for us. */
  async counts(): Promise<[tenant: string, count: number][]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<{ tenant_hash: string; n: number }>(
        'SELECT tenant_hash, count(*)::int AS n FROM job_outbox GROUP BY tenant_hash',
      ),
    );
    return rows.map(({ tenant_hash, n }) => [tenant_hash, n]);
  }

  /** Whether a deposit of this tenant was accepted under this `Idempotency-Key`. */
  async knows(tenant: TenantHash, idempotencyKey: string): Promise<boolean> {
    const { hash } = claimKey(idempotencyKey, Buffer.alloc(0));
    const rows = await this.database.asTenant(tenant, (sql) =>
      sql.query('SELECT 1 FROM idempotency_claims WHERE tenant_hash = $1 AND key_hash = $2', [tenant, hash]),
    );
    return rows.length > 0;
  }
}
