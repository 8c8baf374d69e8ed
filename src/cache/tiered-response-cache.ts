import type { CacheAddress, ReplyToKeep, ResponseCache, StoredReply } from '../core/response-cache.js';
import type { TenantHash } from '../core/tenant.js';
import type { ForgetBus } from './forget-bus.js';
import type { MemoryResponseCache } from './memory-response-cache.js';
import type { KeptReply } from './reply-frame.js';

/** The shared store behind the tier. */
export interface FarCache extends ResponseCache {
  /** As `read`, with what the answer speaks of. */
  readKept(address: CacheAddress): Promise<KeptReply | undefined>;
}

/**
 * A tier of a few seconds in the process, before the shared store: a hot read costs no round trip.
 *
 *     read:   near ──not there──▶ far ──▶ near
 *     forget: near, far, and by the bus the near tier of every other instance
 */
export class TieredResponseCache implements ResponseCache {
  /** Counts the forgets: what was read before one must not enter the tier after it. */
  #forgets = 0;

  constructor(
    private readonly near: MemoryResponseCache,
    private readonly far: FarCache,
    private readonly bus: ForgetBus,
  ) {
    bus.listen({
      forgotten: ({ opcoId, tenant, entities }) => void this.#forgetNear(opcoId, tenant, entities),
      missedSome: () => {
        this.#forgets += 1;
        this.near.clear();
      },
    });
  }

  peek(address: Pick<CacheAddress, 'key'>): StoredReply | undefined {
    return this.near.peek(address);
  }

  async read(address: CacheAddress): Promise<StoredReply | undefined> {
    const near = this.peek(address);
    if (near) return near;
    const forgets = this.#forgets;
    const kept = await this.far.readKept(address);
    if (kept && forgets === this.#forgets) await this.near.write(address, { ...kept, askedAt: Infinity });
    return kept?.reply;
  }

  async write(address: CacheAddress, kept: ReplyToKeep): Promise<boolean> {
    const near = await this.near.write(address, kept);
    return (await this.far.write(address, kept)) || near;
  }

  async forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void> {
    await this.#forgetNear(opcoId, tenant, entities);
    await this.far.forget(opcoId, tenant, entities);
    await this.bus.publish({ opcoId, tenant, entities });
  }

  #forgetNear(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void> {
    this.#forgets += 1;
    return this.near.forget(opcoId, tenant, entities);
  }
}
