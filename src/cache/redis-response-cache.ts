import type { Redis } from 'ioredis';
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
import type { ForgetNotice } from './forget-bus.js';
import { frameReply, unframeReply, type KeptReply } from './reply-frame.js';
import type { TenantKeys } from '../platform/crypto/tenant-keys.js';
import { UnsentForgets } from './unsent-forgets.js';

/** How long a Redis that was too slow is left alone. */
const leaveAloneMs = 1000;

/** Clocks of two instances may differ by this much: an answer asked for so soon after a forget is not kept. */
const clockSkewMs = 1000;
/** Longer than any upstream call. */
const forgottenMs = 60_000;

// A tag is a hash: one field for each cache key, and `forgotten` with the time of the last forget. Scripts, since check and write must be one.
const writeScript = `
for i = 2, #KEYS do
  local at = redis.call('HGET', KEYS[i], 'forgotten')
  if at and tonumber(ARGV[3]) <= tonumber(at) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 2, #KEYS do
  redis.call('HSET', KEYS[i], KEYS[1], '1')
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
end
return 1`;

const forgetScript = `
for i = 1, #KEYS do
  for _, key in ipairs(redis.call('HKEYS', KEYS[i])) do
    if key ~= 'forgotten' then redis.call('DEL', key) end
  end
  redis.call('DEL', KEYS[i])
  redis.call('HSET', KEYS[i], 'forgotten', ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
return 1`;

/**
 * The cache that all instances share. Values are sealed under the tenant's key; errors and slowness read as "not there".
 * A forget that Redis did not confirm is said again until it does:
 *
 *     forget ──confirmed──▶ done
 *        └── no answer ──▶ unsent (its answers read as "not there") ──each second──▶ said again ──confirmed──▶ done
 */
export class RedisResponseCache implements ResponseCache {
  #aloneUntil = -Infinity;
  readonly #unsent = new UnsentForgets();
  #saysAgain: NodeJS.Timeout | undefined;

  /** After `patienceMs` without an answer Redis counts as slow. */
  constructor(
    private readonly redis: Redis,
    private readonly keys: TenantKeys,
    private readonly clock: Clock,
    private readonly patienceMs: number,
  ) {}

  async read(address: CacheAddress): Promise<StoredReply | undefined> {
    return (await this.readKept(address))?.reply;
  }

  /** As `read`, with what the answer speaks of. */
  async readKept({ key, opcoId, tenant }: CacheAddress): Promise<KeptReply | undefined> {
    const sealed = await this.#open(() => this.redis.getBuffer(key));
    if (!sealed) return undefined;
    const kept = await orUndefined(async () => {
      const seal = await this.keys.cacheKeyOf(tenant);
      return unframeReply(seal.open(sealed, key));
    });
    return kept && !this.#unsent.has(opcoId, tenant, kept.entities) ? kept : undefined;
  }

  async write({ key, opcoId, tenant }: CacheAddress, { reply, entities, askedAt }: ReplyToKeep): Promise<boolean> {
    const seal = await orUndefined(() => this.keys.cacheKeyOf(tenant));
    const keepMs = reply.storedAt + (reply.ttlSeconds + staleIfErrorSeconds) * 1000 - this.clock.now();
    if (!seal || keepMs <= 0) return false;
    const value = seal.seal(frameReply({ reply, entities }), key);
    const names = [key, ...entities.map((entity) => cacheTagKey(opcoId, tenant, entity))];
    const written = await this.#open(() =>
      this.redis.eval(writeScript, names.length, ...names, value, Math.ceil(keepMs), askedAt - clockSkewMs),
    );
    return written === 1;
  }

  async forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void> {
    if (entities.length === 0) return;
    const notice = { opcoId, tenant, entities };
    this.#unsent.add(notice);
    if (await this.#say(notice)) return;
    this.#unsent.lose(notice);
    this.#sayAgainLater();
  }

  /** Sends a forget; whether Redis has confirmed it. */
  async #say(notice: ForgetNotice): Promise<boolean> {
    const tags = notice.entities.map((entity) => cacheTagKey(notice.opcoId, notice.tenant, entity));
    const said = await this.#open(() =>
      this.redis.eval(forgetScript, tags.length, ...tags, this.clock.now(), forgottenMs),
    );
    if (said === 1) this.#unsent.confirm(notice);
    return said === 1;
  }

  #sayAgainLater(): void {
    this.#saysAgain ??= setTimeout(() => void this.#sayAgain(), leaveAloneMs).unref();
  }

  async #sayAgain(): Promise<void> {
    for (const notice of this.#unsent.list()) if (!(await this.#say(notice))) break;
    this.#saysAgain = undefined;
    if (!this.#unsent.empty) this.#sayAgainLater();
  }

  /** Runs a command unless Redis is away; undefined for whatever goes wrong. */
  async #open<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (this.redis.status !== 'ready' || this.clock.elapsed() < this.#aloneUntil) return undefined;
    let timer: NodeJS.Timeout | undefined;
    let answered = false;
    const tooSlow = new Promise<undefined>((resolve) => {
      const giveUp = () => {
        if (!answered) this.#aloneUntil = this.clock.elapsed() + leaveAloneMs;
        resolve(undefined);
      };
      // Not before sockets were read once more: where this process was busy, the answer lies there, and Redis was not slow.
      timer = setTimeout(() => setImmediate(giveUp), this.patienceMs);
    });
    const answer = orUndefined(command).finally(() => {
      answered = true;
      clearTimeout(timer);
    });
    return Promise.race([answer, tooSlow]);
  }
}

/** Whatever goes wrong reads as "not there". */
async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
