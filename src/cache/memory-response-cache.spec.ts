import { responseCacheConformance } from '../../test/conformance/response-cache.js';
import { aTenant, ManualClock } from '../../test/support/an-exchange.js';
import { MemoryResponseCache } from './memory-response-cache.js';

responseCacheConformance('memory', () => {
  const clock = new ManualClock();
  return Promise.resolve({ clock, cache: new MemoryResponseCache(clock, { bytes: 1_000_000 }) });
});

describe('memory response cache', () => {
  const tenant = aTenant().hash;
  const keep = (cache: MemoryResponseCache, clock: ManualClock, { key, bytes }: { key: string; bytes: number }) =>
    cache.write(
      { key, opcoId: 'akto', tenant },
      {
        reply: { body: Buffer.alloc(bytes), etag: '"e"', storedAt: clock.now(), ttlSeconds: 60 },
        entities: ['etats'],
        askedAt: clock.now(),
      },
    );

  it('holds no more bytes than it may, the latest used first', async () => {
    const clock = new ManualClock();
    const cache = new MemoryResponseCache(clock, { bytes: 10_000 });
    for (const key of ['a', 'b', 'c']) await keep(cache, clock, { key, bytes: 4000 });
    expect(['a', 'b', 'c'].map((key) => cache.peek({ key }) !== undefined)).toEqual([false, true, true]);
    await keep(cache, clock, { key: 'huge', bytes: 20_000 });
    expect(cache.peek({ key: 'huge' })).toBeUndefined();
  });

  it('drops an entry a day after its freshness', async () => {
    const clock = new ManualClock();
    const cache = new MemoryResponseCache(clock, { bytes: 10_000 });
    await keep(cache, clock, { key: 'a', bytes: 1 });
    clock.pass(86_400 + 61);
    expect(cache.peek({ key: 'a' })).toBeUndefined();
  });

  it('as a near tier, lives for seconds and never past freshness', async () => {
    const clock = new ManualClock();
    const near = new MemoryResponseCache(clock, { bytes: 10_000, lifeMs: 5000 });
    await keep(near, clock, { key: 'a', bytes: 1 });
    clock.pass(4.9);
    expect(near.peek({ key: 'a' })).toBeDefined();
    clock.pass(0.1);
    expect(near.peek({ key: 'a' })).toBeUndefined();
  });
});
