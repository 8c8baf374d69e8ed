import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Clock } from '../../src/core/clock.js';
import { inboundKey } from '../../src/core/keys.js';
import type { InboundDecision, InboundQuota } from '../../src/hub/inbound/inbound.js';
import { InboundLimits } from '../../src/hub/inbound/inbound-limits.js';
import { holdMs } from '../../src/hub/inbound/key-share.js';
import { SharedBuckets } from '../../src/hub/inbound/shared-buckets.js';
import { leaseMs } from '../../src/hub/inbound/take-permits-script.js';
import { someone } from '../support/an-inbound-tenant.js';
import { eventually } from '../support/product.js';
import { testRedisServer } from '../support/test-redis.js';

/** Real time, which a test can also push on: Redis keeps its own. */
class PushedClock implements Clock {
  #ahead = 0;
  now = () => Date.now() + this.#ahead;
  elapsed = () => performance.now() + this.#ahead;
  push(ms: number): void {
    this.#ahead += ms;
  }
}

describe('the inbound limits of several instances on one Redis', () => {
  const opened: Redis[] = [];
  const connection = async () => {
    const redis = new Redis(testRedisServer(), {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 20_000,
      retryStrategy: () => 20,
    });
    redis.on('error', () => undefined);
    opened.push(redis);
    await once(redis, 'ready');
    return redis;
  };
  // A busy machine must not pass for a Redis that is away.
  const instance = async (quota: InboundQuota, clock: Clock = new PushedClock(), patienceMs = 15_000) => {
    const redis = await connection();
    const calls = jest.spyOn(redis, 'evalsha');
    return {
      redis,
      calls,
      limits: new InboundLimits(new SharedBuckets(redis, randomUUID(), quota), clock, patienceMs),
    };
  };
  const letIn = (decisions: readonly InboundDecision[]) => decisions.filter(({ refusal }) => !refusal).length;

  afterEach(() => {
    for (const redis of opened.splice(0)) redis.disconnect();
  });

  it('never let in more than limit + rate x time in all, at three doors under full load', async () => {
    const quota = { tenant: 6000, key: 600 };
    const doors = await Promise.all([instance(quota), instance(quota), instance(quota)]);
    const tenant = someone();
    const decisions: InboundDecision[] = [];
    const begun = performance.now();
    // About two seconds of work, whatever the machine.
    while (performance.now() - begun < 2000) {
      decisions.push(
        ...(await Promise.all(
          doors.flatMap(({ limits }) => Array.from({ length: 20 }, async () => limits.decide(tenant))),
        )),
      );
    }
    const seconds = (performance.now() - begun) / 1000;
    expect(letIn(decisions)).toBeLessThanOrEqual(600 + 10 * seconds);
    // Permits may lie unspent at a door whose turn is over; they are few.
    expect(letIn(decisions)).toBeGreaterThanOrEqual(600 + 10 * (seconds - 0.2) - 3);
    expect(decisions.find(({ refusal }) => refusal)?.refusal?.by).toBe('key');
  });

  it('are exact at the edge: of simultaneous requests at three doors, as many as there is room for', async () => {
    const quota = { tenant: 10, key: 10 };
    const doors = await Promise.all([instance(quota), instance(quota), instance(quota)]);
    const tenant = someone();
    const decisions = await Promise.all(
      doors.flatMap(({ limits }) => Array.from({ length: 10 }, async () => limits.decide(tenant))),
    );
    expect(letIn(decisions)).toBe(10);
    const remaining = decisions.map((decision) => Math.min(decision.remaining.tenant, decision.remaining.key));
    expect(Math.min(...remaining)).toBe(0);
  });

  it('count all keys of a CFA in its own limit, and say which limit it was', async () => {
    const { limits } = await instance({ tenant: 5, key: 3 });
    const one = someone();
    const other = { ...one, keyId: `${one.keyId}-b` };
    const kinds = [];
    for (const tenant of [one, one, one, one, other, other, other]) {
      kinds.push((await limits.decide(tenant)).refusal?.by ?? 'in');
    }
    expect(kinds).toEqual(['in', 'in', 'in', 'key', 'in', 'in', 'tenant']);
    expect((await limits.decide(someone())).refusal).toBeUndefined();
  });

  it('count down by at most one a request over chunks, refills and pauses, never below nothing', async () => {
    const clock = new PushedClock();
    const { limits, calls } = await instance({ tenant: 200, key: 100 }, clock);
    const tenant = someone();
    let last = { tenant: 200, key: 100 };
    for (let n = 0; n < 120; n += 1) {
      if (n === 40) {
        clock.push(holdMs);
        await limits.giveBack();
      }
      const { remaining } = await limits.decide(tenant);
      for (const kind of ['tenant', 'key'] as const) {
        expect(remaining[kind]).toBeGreaterThanOrEqual(Math.max(0, last[kind] - 1));
      }
      last = remaining;
    }
    expect(last.key).toBe(0);
    expect(calls.mock.calls.length).toBeLessThan(100);
  });

  it('cost one round trip for many requests while there is room', async () => {
    const { limits, calls } = await instance({ tenant: 6000, key: 3000 });
    const tenant = someone();
    for (let n = 0; n < 640; n += 1) expect((await limits.decide(tenant)).refusal).toBeUndefined();
    expect(calls.mock.calls.length).toBeLessThan(20);
  });

  it('let in again after exactly the wait that a refusal names', async () => {
    const quota = { tenant: 60, key: 60 };
    const [here, there] = await Promise.all([instance(quota), instance(quota)]);
    const tenant = someone();
    const before = [];
    for (let n = 0; n < 61; n += 1) before.push(await here.limits.decide(tenant));
    const wait = before.at(-1)?.refusal?.waitSeconds ?? 0;
    expect(letIn(before)).toBe(60);
    expect(wait).toBeGreaterThan(0.5);
    expect(wait).toBeLessThanOrEqual(1);
    const refusedAt = performance.now();
    expect((await there.limits.decide(tenant)).refusal).toBeDefined();
    const again = await eventually(
      () => Promise.resolve(performance.now() - refusedAt),
      (ms) => ms >= wait * 1000,
    );
    expect(again).toBeLessThan(wait * 1000 + 5000);
    expect((await here.limits.decide(tenant)).refusal).toBeUndefined();
  });

  it('give back what an instance held and did not spend', async () => {
    const clock = new PushedClock();
    const quota = { tenant: 1000, key: 1000 };
    const [here, there] = await Promise.all([instance(quota, clock), instance(quota)]);
    const tenant = someone();
    await here.limits.decide(tenant);
    const held = (await there.limits.decide(tenant)).remaining.key;
    expect(held).toBeLessThan(950);
    clock.push(holdMs);
    await here.limits.giveBack();
    const stored = await here.redis.hgetall(inboundKey(tenant.hash));
    expect(Object.keys(stored).filter((name) => name.startsWith('l:'))).toHaveLength(1);
    await there.limits.giveBack({ all: true });
    const [debt = '0'] = (await here.redis.hget(inboundKey(tenant.hash), `k:${tenant.keyId}`))?.split(' ') ?? [];
    expect(Number(debt) / 60e6).toBeLessThanOrEqual(2);
  });

  it('keep nothing in Redis for longer than a bucket takes to fill', async () => {
    const { limits, redis } = await instance({ tenant: 10, key: 10 });
    const tenant = someone();
    await limits.decide(tenant);
    const left = await redis.pttl(inboundKey(tenant.hash));
    expect(left).toBeGreaterThan(60_000 + leaseMs - 1000);
    expect(left).toBeLessThanOrEqual(60_000 + leaseMs + 5000);
  });

  describe('without Redis', () => {
    it('are kept by each instance alone, at once, and what was spent counts when it is back', async () => {
      const quota = { tenant: 120, key: 60 };
      const { limits, redis } = await instance(quota);
      const tenant = someone();
      const ended = once(redis, 'end');
      redis.disconnect();
      await ended;
      const alone = Array.from({ length: 80 }, () => limits.decide(tenant));
      expect(alone.some((decision) => decision instanceof Promise)).toBe(false);
      const decisions = alone.filter((decision): decision is InboundDecision => !(decision instanceof Promise));
      expect(letIn(decisions)).toBe(60);
      await redis.connect();
      const [backAt, wait] = [performance.now(), decisions.at(-1)?.refusal?.waitSeconds ?? 0];
      await eventually(
        async () => performance.now() - backAt,
        (ms) => ms > wait * 1000,
      );
      const after = await Promise.all(Array.from({ length: 60 }, async () => limits.decide(tenant)));
      // One a second comes in, and not a second burst; the others know of it.
      expect(letIn(after)).toBeGreaterThanOrEqual(1);
      expect(letIn(after)).toBeLessThanOrEqual(1 + (performance.now() - backAt) / 1000);
      const other = await instance(quota);
      expect((await other.limits.decide(tenant)).remaining.key).toBeLessThanOrEqual(5);
    });

    it('are decided within a moment when Redis does not answer, and Redis is then left alone', async () => {
      const { limits, redis, calls } = await instance({ tenant: 20, key: 10 }, new PushedClock(), 50);
      const blocker = await connection();
      const tenant = someone();
      await blocker.call('CLIENT', 'PAUSE', '4000', 'ALL');
      const begun = performance.now();
      const decision = await limits.decide(tenant);
      expect(performance.now() - begun).toBeLessThan(3000);
      expect(decision).toEqual({ remaining: { tenant: 19, key: 9 } });
      expect(limits.decide(tenant)).toEqual({ remaining: { tenant: 18, key: 8 } });
      expect(calls).toHaveBeenCalledTimes(1);
      await redis.ping();
    });

    it('are decided here when Redis answers with an error', async () => {
      const { limits, redis } = await instance({ tenant: 20, key: 10 });
      const tenant = someone();
      await redis.set(inboundKey(tenant.hash), 'no hash');
      expect(await limits.decide(tenant)).toEqual({ remaining: { tenant: 19, key: 9 } });
      await redis.del(inboundKey(tenant.hash));
    });
  });
});
