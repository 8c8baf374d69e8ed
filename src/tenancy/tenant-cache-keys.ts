import type { TenantHash } from '../core/tenant.js';
import type { DataKeys } from './data-keys.js';

/** Seals and opens what the response cache keeps in Redis, under the tenant's own key. */
export class TenantCacheKeys {
  constructor(private readonly keys: DataKeys) {}

  /** `open` throws UnsealError on bytes that are not this tenant's, or stood under another name. */
  async cacheKeyOf(tenant: TenantHash): Promise<{
    seal(plaintext: Buffer, aad: string): Buffer;
    open(sealed: Buffer, aad: string): Buffer;
  }> {
    const key = await this.keys.tenantKey(tenant);
    const at = (aad: string) => `cache|${aad}|${tenant}`;
    return {
      seal: (plaintext, aad) => key.sealBytes(plaintext, at(aad)),
      open: (sealed, aad) => key.unsealBytes(sealed, at(aad)),
    };
  }
}
