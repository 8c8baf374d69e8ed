import type { TenantHash } from '../../core/tenant.js';

/** Authenticated encryption under a data key of one tenant; `aad` binds a value to the key it is stored under. */
export interface TenantSeal {
  seal(plaintext: Buffer, aad: string): Buffer;
  /** Throws on anything that was not sealed by this key with this `aad`. */
  open(sealed: Buffer, aad: string): Buffer;
}

/** The data keys under which answers lie in Redis. */
export interface TenantKeys {
  cacheKeyOf(tenant: TenantHash): Promise<TenantSeal>;
}

/** The injected `TenantKeys`. */
export const TENANT_KEYS = Symbol('TENANT_KEYS');
