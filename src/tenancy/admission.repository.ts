import { readTenantHash, type Environment, type Tenant, type TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';

/** A key that may enter, as PostgreSQL knew it. */
export interface Admitted {
  readonly tenant: Tenant;
  /** Milliseconds since the epoch; absent for a key without end. */
  readonly expiresAt?: number;
}

/** Why PostgreSQL says that a key may not enter. Whether it has expired is for the caller's clock. */
export type Unfit = 'unknown' | 'revoked' | 'suspended';

interface Row {
  readonly id: string;
  readonly tenant_hash: string;
  readonly nom: string;
  readonly environment: Environment;
  readonly weight: number;
  readonly expires_at: Date | null;
  readonly revoked: boolean;
  readonly suspended: boolean;
}

/** Looks a key up by its hash: one and the same look-up, whatever comes of it. */
export async function findTenantOfKey(database: Database, keyHash: TenantHash): Promise<Admitted | Unfit> {
  const [row] = await database.asKeyHolder(keyHash, (sql) =>
    sql.query<Row>(
      `SELECT k.id, k.expires_at, k.revoked_at IS NOT NULL AS revoked, t.suspended_at IS NOT NULL AS suspended,
              t.tenant_hash, t.nom, t.environment, t.weight
       FROM api_keys k JOIN tenants t USING (tenant_hash) WHERE k.key_hash = $1`,
      [keyHash],
    ),
  );
  if (!row) return 'unknown';
  if (row.revoked) return 'revoked';
  if (row.suspended) return 'suspended';
  const { id: keyId, environment, nom, weight } = row;
  const tenant = { hash: readTenantHash(row.tenant_hash), environment, nom, keyId, weight };
  return row.expires_at ? { tenant, expiresAt: row.expires_at.getTime() } : { tenant };
}
