import { fail, type ErrorCode } from '../../core/errors.js';
import type { Call, Exchange } from '../../core/exchange.js';
import { staleIfErrorSeconds, type CacheAddress, type StoredReply } from '../../core/response-cache.js';
import type { Stage } from '../../core/stage.js';
import type { TenantHash } from '../../core/tenant.js';
import { cacheAddressOf } from '../../core/cache-address.js';
import { replyOf } from '../../core/reply.js';
import { Flights } from './flights.js';

/** Where kept answers are found; never throws, an unreachable store is an empty one. */
export interface KeptReplies {
  read(address: CacheAddress): Promise<StoredReply | undefined>;
  /** What of it lies in the process itself, at once; absent in a store that is elsewhere. */
  peek?(address: CacheAddress): StoredReply | undefined;
}

/** Whether the key that opened what is kept is still accepted by the OPCO. */
export interface TrustedKeys {
  holds(opcoId: string, tenant: TenantHash): boolean;
  /** Throws UPSTREAM_AUTH when it is refused by now. */
  prove(call: Call): Promise<void>;
}

/** Failures that say the OPCO is down, or too slow for all that wait: an older answer is better than none. A 401/403 is not among them. */
const rescued: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_ERROR',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'OVERLOADED',
]);

/**
 * Answers a read out of what is kept, as far as the caller's `Cache-Control` allows; lays a stale answer aside for the case that
 * the OPCO is down; makes identical questions of one tenant wait for the first of them.
 * Settles: the kept answer, the answer or failure of the question that went ahead, 504 for `only-if-cached`, 502 UPSTREAM_AUTH when
 * the key that opened the kept answer is refused by now.
 * Never writes to the cache, never touches a deposit.
 */
export class ReadCacheStage implements Stage {
  readonly name = 'read-cache';
  readonly reads = ['endpoint', 'question'] as const;
  readonly writes = [] as const;

  constructor(
    private readonly kept: KeptReplies,
    private readonly keys: TrustedKeys,
    private readonly flights = new Flights(),
  ) {}

  run(exchange: Exchange): void | Promise<void> {
    if (exchange.read('endpoint').kind !== 'read') return;
    const address = addressOf(exchange);
    if (address && this.#settleAtOnce(address, exchange)) return;
    return this.#search(address, exchange);
  }

  /** The part of `run` that needs no waiting, for the fast lane: settles with what the process holds, or leaves the exchange as it was. */
  runAtOnce(exchange: Exchange): void {
    const address = exchange.read('endpoint').kind === 'read' ? addressOf(exchange) : undefined;
    if (address) this.#settleAtOnce(address, exchange);
  }

  /** Fresh, young enough, and opened by a key that holds: nobody has to be asked. */
  #settleAtOnce(address: CacheAddress, exchange: Exchange): boolean {
    const stored = this.kept.peek?.(address);
    if (!stored || !this.#holds(exchange.call)) return false;
    const ageSeconds = (exchange.clock.now() - stored.storedAt) / 1000;
    const { maxAgeSeconds = Infinity } = exchange.call.cache;
    if (ageSeconds > maxAgeSeconds || ageSeconds >= stored.ttlSeconds) return false;
    exchange.settle(replyOf(stored, 'hit'));
    return true;
  }

  async #search(address: CacheAddress | undefined, exchange: Exchange): Promise<void> {
    const { cache, traffic } = exchange.call;
    if (address) {
      const stored = await this.kept.read(address);
      if (stored) await this.#use(stored, exchange);
      if (exchange.settled) return;
      if (!cache.onlyIfCached) return this.#collapse(`${traffic} ${address.key}`, exchange);
    }
    if (cache.onlyIfCached)
      throw fail('UPSTREAM_TIMEOUT', { detail: 'Aucune réponse en cache ne satisfait la demande (only-if-cached).' });
  }

  async #use(stored: StoredReply, exchange: Exchange): Promise<void> {
    const { maxAgeSeconds = Infinity, maxStaleSeconds, onlyIfCached } = exchange.call.cache;
    const ageSeconds = (exchange.clock.now() - stored.storedAt) / 1000;
    const staleSeconds = ageSeconds - stored.ttlSeconds;
    if (staleSeconds > staleIfErrorSeconds) return;
    const young = ageSeconds <= maxAgeSeconds;
    const fresh = staleSeconds < 0;
    if (young && (fresh || (maxStaleSeconds !== undefined && staleSeconds <= maxStaleSeconds))) {
      await this.#trust(exchange.call);
      return exchange.settle(replyOf(stored, fresh ? 'hit' : 'stale'));
    }
    // `only-if-cached` fails without the OPCO having failed: what the caller has just refused must not stand in.
    if (onlyIfCached || exchange.read('endpoint').noStandIn) return;
    exchange.rescueWith((failure) => (rescued.has(failure.code) ? replyOf(stored, 'stale') : undefined));
  }

  async #trust(call: Call): Promise<void> {
    if (!this.#holds(call)) await this.keys.prove(call);
  }

  /** A key that the caller brought along names what it opened; of the stored one nobody knows how the OPCO thinks today. */
  #holds({ opcoId, tenant, cfaKey, cache }: Call): boolean {
    return cfaKey !== undefined || cache.onlyIfCached === true || this.keys.holds(opcoId, tenant.hash);
  }

  /** Traffic classes fly apart: an interactive caller may wait for a permit where a bulk one fails at once. */
  async #collapse(name: string, exchange: Exchange): Promise<void> {
    for (;;) {
      const flying = this.flights.joinOrLead(name, exchange);
      if (!flying) return;
      const outcome = await flying;
      if ('reply' in outcome) return exchange.settle(outcome.reply);
      if (!outcome.abandoned) throw outcome.failure;
    }
  }
}

/**
 * Where the answer is kept, if it may come from there. Who demands a fresh answer gets one or none: a worker looks up lost deposits
 * this way, and an old copy would have it send twice.
 */
function addressOf(exchange: Exchange): CacheAddress | undefined {
  const { noStore, noCache } = exchange.call.cache;
  return exchange.read('endpoint').ttlSeconds && !noStore && !noCache ? cacheAddressOf(exchange) : undefined;
}
