import { once } from 'node:events';
import { Redis } from 'ioredis';
import { inboundKey } from '../../src/core/keys.js';
import type { Tenant } from '../../src/core/tenant.js';
import { SharedBuckets, type PermitOrder } from '../../src/hub/inbound/shared-buckets.js';
import { someone } from '../support/an-inbound-tenant.js';
import { eventually } from '../support/product.js';
import { testRedisServer } from '../support/test-redis.js';

describe('permits held by an instance', () => {
  let redis: Redis;

  beforeAll(async () => {
    redis = new Redis(testRedisServer());
    await once(redis, 'ready');
  });

  afterAll(() => redis.disconnect());

  const quota = { tenant: 600_000, key: 600_000 };
  const order: PermitOrder = { kept: 0, back: 0, wanted: 1, ahead: true, owed: { tenant: 0, key: 0 } };
  const held = 63;

  it('keep their room: the bucket does not fill up again behind their back', async () => {
    const { hash, keyId } = someone();
    await new SharedBuckets(redis, 'holder', quota).take(hash, keyId, order);
    const taker = new SharedBuckets(redis, 'taker', quota);
    const asking = performance.now();
    // At 10,000 a second, everything that was taken is long since refilled.
    await eventually(
      async () => performance.now() - asking,
      (ms) => ms > 100,
    );
    const { granted } = await taker.take(hash, keyId, { ...order, wanted: 1_000_000 });
    expect(granted).toBe(quota.key - held);
  });

  describe('of which nothing is heard any more', () => {
    const slow = { tenant: 1000, key: 1000 };
    /** As if an instance had held permits until a second ago; `debt` requests were taken ten seconds ago. */
    const leftBehind = async ({ hash, keyId }: Tenant, debt: number) => {
      const [now] = (await redis.time()).map(Number) as [number, number];
      const level = `${debt * 60_000_000} ${now - 10}000000`;
      await redis.hset(inboundKey(hash), {
        t: level,
        [`k:${keyId}`]: level,
        [`l:${keyId}:gone`]: `${held} ${now - 1}000000`,
      });
      return new SharedBuckets(redis, 'gone', slow);
    };

    it('drain from then on, and not before', async () => {
      const tenant = someone();
      const buckets = await leftBehind(tenant, held);
      const { debts } = await buckets.take(tenant.hash, tenant.keyId, { ...order, ahead: false });
      // Of 63, what one to two seconds drain at 1,000 a minute; and the one that was granted.
      expect(debts.key / 60e6).toBeLessThan(1 + held - 16);
      expect(debts.key / 60e6).toBeGreaterThan(1 + held - 16.7 * 2.5);
      expect(await redis.hexists(inboundKey(tenant.hash), `l:${tenant.keyId}:gone`)).toBe(0);
    });

    it('cannot be given back any more', async () => {
      const tenant = someone();
      const buckets = await leftBehind(tenant, 900);
      const { debts } = await buckets.take(tenant.hash, tenant.keyId, { ...order, back: held, ahead: false });
      expect(debts.key / 60e6).toBeGreaterThan(900 - 16.7 * 12);
    });
  });
});
