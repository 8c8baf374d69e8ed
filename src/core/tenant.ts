import { hash } from 'node:crypto';

declare const tenantHashBrand: unique symbol;

/**
 * Lower-case hex sha256 of the tenant's first API key: the stable partition key of every Redis key, job and table.
 * Only `tenantHashOf` and `readTenantHash` make one, so that a string from a client can never pass for a tenant.
 */
export type TenantHash = string & { readonly [tenantHashBrand]: true };

/** Which upstream hosts a tenant may reach: `test` keys only the sandbox or a recette host, `live` keys never those. */
export type Environment = 'test' | 'live';

/** Who is asking, as admission established it. */
export interface Tenant {
  readonly hash: TenantHash;
  readonly environment: Environment;
  readonly nom: string;
  /** The key that was presented (an alias of the tenant), never its text. */
  readonly keyId: string;
  /** Turns that it has while others wait as well, for each turn of a tenant of weight one; 1 to 100, 1 when absent. */
  readonly weight?: number;
}

/** Hashes the bytes of an API key; callers have already checked that the key is visible ASCII. */
export function tenantHashOf(apiKey: string): TenantHash {
  return hash('sha256', apiKey, 'hex') as TenantHash;
}

/** Takes back a hash that our own database or queue wrote; throws on anything that is not 64 lower-case hex digits. */
export function readTenantHash(stored: string): TenantHash {
  if (!/^[0-9a-f]{64}$/.test(stored)) throw new Error('A stored tenant hash is malformed');
  return stored as TenantHash;
}

/** The eight first digits: all that a log line may show of a tenant. */
export function shortTenant(tenant: TenantHash): string {
  return tenant.slice(0, 8);
}
