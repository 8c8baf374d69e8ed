import type { Exchange } from '../../core/exchange.js';
import type { ReplyToKeep, CacheAddress, StoredReply } from '../../core/response-cache.js';
import type { Stage } from '../../core/stage.js';
import type { TenantHash } from '../../core/tenant.js';
import { cacheAddressOf, entitiesRead, entitiesTouched } from '../../core/cache-address.js';
import { etagOf, replyOf } from '../../core/reply.js';

/** Where answers are kept and forgotten; never throws. */
export interface ReplyStore {
  /** Whether it is kept now. */
  write(address: CacheAddress, kept: ReplyToKeep): Promise<boolean>;
  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void>;
}

/**
 * Gives the answer: its bytes, its ETag, and how long it is fresh. Keeps that of a read; a deposit forgets the reads it has made doubtful.
 * Settles: the answer.
 * Never keeps a failure, nor anything that the OPCO or the caller forbids to keep.
 */
export class WriteCacheStage implements Stage {
  readonly name = 'write-cache';
  readonly reads = ['endpoint', 'question', 'response', 'answer'] as const;
  readonly writes = ['reply'] as const;

  /** `random` gives 0 to 1: the jitter that keeps entries of one moment from all going stale in one moment. */
  constructor(
    private readonly store: ReplyStore,
    private readonly random: () => number,
  ) {}

  async run(exchange: Exchange): Promise<void> {
    const answer = exchange.read('answer');
    const body = Buffer.from(JSON.stringify(answer), 'utf8');
    const stored = {
      body,
      etag: etagOf(body),
      storedAt: exchange.clock.now(),
      ttlSeconds: this.#ttlSeconds(exchange, answer),
    };
    if (exchange.read('endpoint').kind === 'deposit') await this.#forget(exchange, answer);
    const keeps = stored.ttlSeconds > 0 && !exchange.call.cache.noStore;
    const kept = keeps && (await this.#keep(exchange, answer, stored));
    exchange.settle(replyOf(stored, stored.ttlSeconds > 0 && !skipsCache(exchange) ? 'miss' : 'bypass', kept));
  }

  #ttlSeconds(exchange: Exchange, answer: unknown): number {
    if (forbidsKeeping(exchange.read('response').headers)) return 0;
    const seconds = exchange.read('endpoint').ttlSeconds?.(answer) ?? 0;
    return Math.round(seconds * (0.9 + 0.2 * this.random()));
  }

  #keep(exchange: Exchange, answer: unknown, reply: StoredReply): Promise<boolean> {
    const { name } = exchange.read('endpoint');
    const entities = entitiesRead(name, exchange.read('question'), answer);
    const askedAt = exchange.askedAt ?? reply.storedAt;
    return this.store.write(cacheAddressOf(exchange), { reply, entities, askedAt });
  }

  #forget(exchange: Exchange, answer: unknown): Promise<void> {
    const { opcoId, tenant } = exchange.call;
    const entities = entitiesTouched(exchange.read('endpoint').name, exchange.read('question'), answer);
    return this.store.forget(opcoId, tenant.hash, entities);
  }
}

function skipsCache({ call: { cache } }: Exchange): boolean {
  return cache.noStore === true || cache.noCache === true;
}

/** RFC 9111 section 5.2.2.5 and 4.1. `private` is no obstacle: an entry belongs to one tenant. */
function forbidsKeeping(headers: Readonly<Record<string, string>>): boolean {
  return /(?:^|[\s,])no-store(?:$|[\s,;])/i.test(headers['cache-control'] ?? '') || headers['vary']?.trim() === '*';
}
