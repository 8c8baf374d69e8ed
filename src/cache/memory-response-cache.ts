import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import { cacheTagKey } from '../core/keys.js';
import {
  staleIfErrorSeconds,
  type CacheAddress,
  type ReplyToKeep,
  type ResponseCache,
  type StoredReply,
} from '../core/response-cache.js';
import type { TenantHash } from '../core/tenant.js';

interface Kept {
  readonly reply: StoredReply;
  readonly tags: readonly string[];
  readonly until: number;
}

/** How much is kept, and how long at most. */
export interface MemoryCacheLimits {
  readonly bytes: number;
  /** For a tier before a shared store: milliseconds an entry stays at most, and never past its freshness. */
  readonly lifeMs?: number;
}

/** Longer than any upstream call: an answer asked for before a forget arrives within this time or never. */
const forgottenMs = 60_000;
/** What an entry costs besides its body: key, tags and the objects themselves. */
const overheadBytes = 512;

/** A cache in the process, bounded by bytes; the oldest unused entries go first. */
export class MemoryResponseCache implements ResponseCache {
  readonly #entries: LRUCache<string, Kept>;
  readonly #tagged = new Map<string, Set<string>>();
  readonly #forgotten = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: MemoryCacheLimits,
  ) {
    this.#entries = new LRUCache<string, Kept>({
      maxSize: limits.bytes,
      sizeCalculation: (kept) => kept.reply.body.byteLength + overheadBytes,
      dispose: (kept, key) => this.#untag(key, kept.tags),
    });
  }

  read(address: CacheAddress): Promise<StoredReply | undefined> {
    return Promise.resolve(this.peek(address));
  }

  peek({ key }: Pick<CacheAddress, 'key'>): StoredReply | undefined {
    const kept = this.#entries.get(key);
    if (!kept) return undefined;
    if (this.clock.now() < kept.until) return kept.reply;
    this.#entries.delete(key);
    return undefined;
  }

  write({ key, opcoId, tenant }: CacheAddress, { reply, entities, askedAt }: ReplyToKeep): Promise<boolean> {
    const tags = entities.map((entity) => cacheTagKey(opcoId, tenant, entity));
    if (tags.some((tag) => askedAt <= (this.#forgotten.get(tag) ?? -Infinity))) return Promise.resolve(false);
    this.#entries.set(key, { reply, tags, until: this.#end(reply) });
    const kept = this.#entries.has(key);
    if (kept) for (const tag of tags) this.#tag(tag, key);
    return Promise.resolve(kept);
  }

  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void> {
    const now = this.clock.now();
    for (const [tag, at] of this.#forgotten) {
      if (at > now - forgottenMs) break;
      this.#forgotten.delete(tag);
    }
    for (const entity of entities) {
      const tag = cacheTagKey(opcoId, tenant, entity);
      // Deleted first, so that the map stays in the order of time and the sweep above may stop early.
      this.#forgotten.delete(tag);
      this.#forgotten.set(tag, now);
      for (const key of [...(this.#tagged.get(tag) ?? [])]) this.#entries.delete(key);
    }
    return Promise.resolve();
  }

  /** Drops everything. */
  clear(): void {
    this.#entries.clear();
  }

  #end({ storedAt, ttlSeconds }: StoredReply): number {
    const { lifeMs } = this.limits;
    const fresh = storedAt + ttlSeconds * 1000;
    return lifeMs === undefined ? fresh + staleIfErrorSeconds * 1000 : Math.min(fresh, this.clock.now() + lifeMs);
  }

  #tag(tag: string, key: string): void {
    const keys = this.#tagged.get(tag) ?? new Set();
    this.#tagged.set(tag, keys.add(key));
  }

  #untag(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#tagged.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#tagged.delete(tag);
    }
  }
}
