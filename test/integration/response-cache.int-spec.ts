import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { RedisForgetBus } from '../../src/cache/forget-bus.js';
import { MemoryResponseCache } from '../../src/cache/memory-response-cache.js';
import { RedisResponseCache } from '../../src/cache/redis-response-cache.js';
import { TieredResponseCache } from '../../src/cache/tiered-response-cache.js';
import { cacheKey, cacheTagKey } from '../../src/core/keys.js';
import type { CacheAddress, ReplyToKeep } from '../../src/core/response-cache.js';
import type { TenantHash } from '../../src/core/tenant.js';
import type { TenantKeys } from '../../src/platform/crypto/tenant-keys.js';
import { responseCacheConformance } from '../conformance/response-cache.js';
import { aTenant, ManualClock } from '../support/an-exchange.js';
import { eventually } from '../support/product.js';
import { testRedisServer } from '../support/test-redis.js';

const url = testRedisServer();
const connect = () => new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true });

/** Data keys of a test: one for each tenant, AES-256-GCM as in production. */
const keys: TenantKeys = {
  cacheKeyOf: (tenant: TenantHash) => {
    const key = createHash('sha256').update(`data key of ${tenant}`).digest();
    return Promise.resolve({
      seal(plaintext, aad) {
        const iv = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(Buffer.from(aad));
        return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      },
      open(sealed, aad) {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 }).setAAD(
          Buffer.from(aad),
        );
        decipher.setAuthTag(sealed.subarray(-16));
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      },
    });
  },
};

const tenant = aTenant('CFA Redis');
const address: CacheAddress = {
  key: cacheKey({
    opcoId: 'akto',
    tenant: tenant.hash,
    method: 'GET',
    path: '/dossiers',
    query: { numeroInterne: 'N-1' },
  }),
  opcoId: 'akto',
  tenant: tenant.hash,
};
const kept = (clock: ManualClock): ReplyToKeep => ({
  reply: { body: Buffer.from('{"nom":"CANARI"}'), etag: '"e"', storedAt: clock.now(), ttlSeconds: 60 },
  entities: ['dossier:N-1'],
  askedAt: clock.now(),
});

/** Long where no case is about slowness: on a busy machine a pause says nothing about Redis. */
const patienceMs = 20_000;

let redis: Redis;

beforeAll(async () => {
  redis = connect();
  await redis.connect();
});

afterAll(() => redis.disconnect());

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const empty = async () => {
  await redis.flushdb();
  return new ManualClock();
};

responseCacheConformance('Redis', async () => {
  const clock = await empty();
  return { clock, cache: new RedisResponseCache(redis, keys, clock, patienceMs) };
});

describe('the cache in Redis', () => {
  it('shows nothing of an answer in clear', async () => {
    const clock = await empty();
    await new RedisResponseCache(redis, keys, clock, patienceMs).write(address, kept(clock));
    const names = await redis.keys('*');
    expect(names).toHaveLength(2);
    const value = await redis.getBuffer(address.key);
    expect(value?.includes('CANARI')).toBe(false);
    expect(names.join()).not.toContain('N-1');
  });

  it('keeps an entry a day past its freshness, then lets Redis drop it', async () => {
    const clock = await empty();
    await new RedisResponseCache(redis, keys, clock, patienceMs).write(address, kept(clock));
    expect(await redis.pttl(address.key)).toBeGreaterThan(86_400_000);
    expect(await redis.pttl(address.key)).toBeLessThanOrEqual(86_460_000);
  });

  it('reads an entry of another tenant, moved under this key, as not there', async () => {
    const clock = await empty();
    const cache = new RedisResponseCache(redis, keys, clock, patienceMs);
    const other = { ...address, key: `${address.key}x`, tenant: aTenant('somebody else').hash };
    await cache.write(other, kept(clock));
    await redis.copy(other.key, address.key);
    expect(await cache.read(address)).toBeUndefined();
  });

  it('reads as empty, at once and without throwing, when Redis is away or does not answer', async () => {
    const clock = await empty();
    const away = connect();
    const gone = new RedisResponseCache(away, keys, clock, patienceMs);
    expect(await gone.read(address)).toBeUndefined();
    await expect(gone.write(address, kept(clock))).resolves.toBe(false);
    await expect(gone.forget('akto', tenant.hash, ['etats'])).resolves.toBeUndefined();

    const paused = connect();
    await paused.connect();
    const slow = new RedisResponseCache(paused, keys, clock, 100);
    await slow.write(address, kept(clock));
    await redis.call('CLIENT', 'PAUSE', '4000', 'ALL');
    const begun = performance.now();
    expect(await slow.read(address)).toBeUndefined();
    expect(await slow.read(address)).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(3500);
    paused.disconnect();
    await redis.ping();
  });

  it('takes its own business for no slowness of Redis: an answer that lies in the socket is read', async () => {
    const clock = await empty();
    const own = connect();
    ends.push(() => own.disconnect());
    await own.connect();
    const cache = new RedisResponseCache(own, keys, clock, 50);
    expect(await new RedisResponseCache(own, keys, clock, patienceMs).write(address, kept(clock))).toBe(true);
    const reading = cache.read(address);
    // Busy for much longer than the patience; another process answers meanwhile.
    await new Promise((sent) => setImmediate(sent));
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect(await reading).toBeDefined();
  });

  it('forgets what an instance forgot while it could not reach Redis, and gives nothing of it before', async () => {
    const clock = await empty();
    const own = connect();
    ends.push(() => own.disconnect());
    await own.connect();
    const cache = new RedisResponseCache(own, keys, clock, patienceMs);
    const other = { ...address, key: `${address.key}x` };
    await cache.write(address, kept(clock));
    await cache.write(other, { ...kept(clock), entities: ['dossier:N-2'] });
    clock.pass(5);
    const ended = once(own, 'end');
    own.disconnect();
    await ended;
    await cache.forget('akto', tenant.hash, ['dossier:N-1']);
    await own.connect();
    expect(await cache.read(address)).toBeUndefined();
    expect(await cache.read(other)).toBeDefined();
    expect(await redis.exists(address.key)).toBe(1);
    await eventually(
      () => redis.exists(address.key),
      (there) => there === 0,
    );
    expect(await cache.write(address, kept(clock))).toBe(false);
    clock.pass(5);
    expect(await cache.write(address, kept(clock))).toBe(true);
    expect(await cache.read(address)).toBeDefined();
  });

  it('finds an answer by what it speaks of for as long as it is kept, whatever is kept for less time beside it', async () => {
    const clock = await empty();
    const cache = new RedisResponseCache(redis, keys, clock, patienceMs);
    const { reply, ...rest } = kept(clock);
    await cache.write(address, { ...rest, reply: { ...reply, ttlSeconds: 21_600 } });
    await cache.write({ ...address, key: `${address.key}x` }, { ...rest, reply });
    const tag = cacheTagKey('akto', tenant.hash, 'dossier:N-1');
    expect(await redis.pttl(tag)).toBeGreaterThan((86_400 + 21_000) * 1000);
  });

  it('tells every instance to forget, within a moment', async () => {
    const clock = await empty();
    const instance = async () => {
      const own = connect();
      await own.connect();
      const bus = new RedisForgetBus(own);
      ends.push(() => {
        bus.close();
        own.disconnect();
      });
      const near = new MemoryResponseCache(clock, { bytes: 100_000, lifeMs: 5000 });
      const heard = new Promise<void>((resolve) =>
        bus.listen({ forgotten: () => resolve(), missedSome: () => undefined }),
      );
      const listening = new Promise<void>((resolve) =>
        bus.listen({ forgotten: () => undefined, missedSome: () => resolve() }),
      );
      return {
        heard,
        listening,
        cache: new TieredResponseCache(near, new RedisResponseCache(own, keys, clock, patienceMs), bus),
      };
    };
    const [one, two] = [await instance(), await instance()];
    await Promise.all([one.listening, two.listening]);
    await one.cache.write(address, kept(clock));
    expect(await two.cache.read(address)).toBeDefined();
    clock.pass(5 - 0.1);
    await one.cache.forget('akto', tenant.hash, ['dossier:N-1']);
    await two.heard;
    expect(await two.cache.read(address)).toBeUndefined();
  });
});
