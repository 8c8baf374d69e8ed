import { readTenantHash, type Environment, type Tenant, type TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';

/** A key that may enter, as PostgreSQL knew it. */
export interface Admitted {
  readonly tenant: Tenant;
  /** Milliseconds since the epoch; absent for a key without end. */
  readonly expiresAt?: number;
}

interface Row {
  readonly id: string;
  readonly tenant_hash: string;
  readonly nom: string;
  readonly environment: Environment;
  readonly expires_at: Date | null;
}

/** Looks a key up by its hash; undefined for one that is unknown, revoked, or of a suspended tenant. One look-up for all of them. */
export async function findTenantOfKey(database: Database, keyHash: TenantHash): Promise<Admitted | undefined> {
  const [row] = await database.asKeyHolder(keyHash, (sql) =>
    sql.query<Row>(
      `SELECT k.id, k.expires_at, t.tenant_hash, t.nom, t.environment
       FROM api_keys k JOIN tenants t USING (tenant_hash)
       WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND t.suspended_at IS NULL`,
      [keyHash],
    ),
  );
  if (!row) return undefined;
  const tenant = { hash: readTenantHash(row.tenant_hash), environment: row.environment, nom: row.nom, keyId: row.id };
  return row.expires_at ? { tenant, expiresAt: row.expires_at.getTime() } : { tenant };
}
