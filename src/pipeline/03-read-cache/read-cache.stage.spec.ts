import { fail } from '../../core/errors.js';
import type { CacheDemand, Call, Exchange } from '../../core/exchange.js';
import type { StoredReply } from '../../core/response-cache.js';
import { advance } from '../../core/stage.js';
import {
  aCall,
  aDepositCall,
  anExchange,
  depositSlots,
  ManualClock,
  readSlots,
} from '../../../test/support/an-exchange.js';
import { replyOf } from '../../core/reply.js';
import { ReadCacheStage } from './read-cache.stage.js';

const body = Buffer.from('{"numeroInterne":"N-1","etat":"ENGAGE"}');
const clock = new ManualClock();

const storedSince = (seconds: number): StoredReply => ({
  body,
  etag: '"e"',
  storedAt: clock.now() - seconds * 1000,
  ttlSeconds: 120,
});
const trusting = { holds: () => true, prove: () => Promise.resolve() };
const keeping = (near: boolean, stored: StoredReply | undefined) => ({
  read: () => Promise.resolve(stored),
  ...(near && { peek: () => stored }),
});

async function asked(stage: ReadCacheStage, cache: CacheDemand = {}, call: Partial<Call> = {}): Promise<Exchange> {
  const exchange = anExchange(readSlots(), aCall({ cache, ...call }), clock);
  await advance(stage, exchange);
  return exchange;
}

describe.each([
  ['in another process', false],
  ['in this process', true],
])('read-cache, what is kept lies %s', (_where, near) => {
  const holding = (stored: StoredReply | undefined) => new ReadCacheStage(keeping(near, stored), trusting);

  it('answers with the kept bytes while they are fresh', async () => {
    const exchange = await asked(holding(storedSince(119)));
    expect(exchange.reply()).toMatchObject({ cacheStatus: 'hit', etag: '"e"' });
    expect(exchange.answer()).toBe(body);
  });

  it.each<[string, number, CacheDemand]>([
    ['too old', 120, {}],
    ['older than max-age', 20, { maxAgeSeconds: 10 }],
    ['refused by no-cache', 1, { noCache: true }],
    ['refused by no-store', 1, { noStore: true }],
    ['staler than max-stale', 131, { maxStaleSeconds: 10 }],
  ])('goes on to the OPCO when the kept answer is %s', async (_why, age, cache) => {
    expect((await asked(holding(storedSince(age)), cache)).settled).toBe(false);
  });

  it('gives nothing kept once the key that opened it is refused, and asks about that key only when in doubt', async () => {
    const proved: unknown[] = [];
    const refusing = {
      holds: () => false,
      prove: (call: Call) => {
        proved.push(call.tenant);
        return Promise.reject(fail('UPSTREAM_AUTH'));
      },
    };
    const stage = new ReadCacheStage(keeping(near, storedSince(119)), refusing);
    expect((await asked(stage)).failure?.code).toBe('UPSTREAM_AUTH');
    expect(proved).toEqual([aCall().tenant]);
    expect((await asked(stage, { onlyIfCached: true })).reply().cacheStatus).toBe('hit');
    expect((await asked(stage, {}, { cfaKey: 'brought along' })).reply().cacheStatus).toBe('hit');
    expect(proved).toHaveLength(1);
  });

  it('gives a stale answer to who accepts one', async () => {
    expect((await asked(holding(storedSince(125)), { maxStaleSeconds: 10 })).reply().cacheStatus).toBe('stale');
  });

  it('answers 504 to only-if-cached when nothing is kept', async () => {
    expect((await asked(holding(undefined), { onlyIfCached: true })).failure?.code).toBe('UPSTREAM_TIMEOUT');
  });

  it.each<[string, number, CacheDemand]>([
    ['older than max-age', 20, { onlyIfCached: true, maxAgeSeconds: 10 }],
    ['stale', 3600, { onlyIfCached: true }],
  ])('answers 504 to only-if-cached, not what the client has refused as %s', async (_why, age, cache) => {
    const exchange = await asked(holding(storedSince(age)), cache);
    expect([exchange.failure?.code, exchange.rescuedFrom]).toEqual(['UPSTREAM_TIMEOUT', undefined]);
  });

  it('lets nothing stand in where the question is how the OPCO is right now', async () => {
    const slots = readSlots();
    const exchange = anExchange({ ...slots, endpoint: { ...slots.endpoint, noStandIn: true } }, aCall(), clock);
    await advance(holding(storedSince(3600)), exchange);
    exchange.fail(fail('UPSTREAM_ERROR'));
    expect(exchange.failure?.code).toBe('UPSTREAM_ERROR');
  });

  it.each(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE'] as const)(
    'lets an old answer stand in for %s',
    async (code) => {
      const exchange = await asked(holding(storedSince(3600)));
      exchange.fail(fail(code));
      expect(exchange.reply()).toMatchObject({ cacheStatus: 'stale', etag: '"e"' });
      expect(exchange.rescuedFrom?.code).toBe(code);
    },
  );

  it.each(['UPSTREAM_AUTH', 'UPSTREAM_REJECTED', 'NOT_FOUND', 'RATE_LIMITED'] as const)(
    'lets nothing stand in for %s',
    async (code) => {
      const exchange = await asked(holding(storedSince(3600)));
      exchange.fail(fail(code));
      expect(exchange.failure?.code).toBe(code);
    },
  );

  it('keeps no stand-in for who demanded a fresh answer, nor one of more than a day', async () => {
    for (const exchange of [
      await asked(holding(storedSince(200)), { noCache: true }),
      await asked(holding(storedSince(86_521))),
    ]) {
      exchange.fail(fail('UPSTREAM_ERROR'));
      expect(exchange.failure?.code).toBe('UPSTREAM_ERROR');
    }
  });

  it('leaves deposits alone', async () => {
    const exchange = anExchange(depositSlots(), aDepositCall(), clock);
    await advance(holding(storedSince(1)), exchange);
    expect(exchange.settled).toBe(false);
  });
});

describe('read-cache, without waiting', () => {
  const doubted = { holds: () => false, prove: () => Promise.reject(new Error('asked')) };
  const hasty = (age: number, cache: CacheDemand, keys = trusting) => {
    const exchange = anExchange(readSlots(), aCall({ cache }), clock);
    new ReadCacheStage(keeping(true, storedSince(age)), keys).runAtOnce(exchange);
    return exchange;
  };

  it('settles with a fresh answer of a trusted key', () => {
    expect(hasty(119, {}).reply()).toMatchObject({ cacheStatus: 'hit', etag: '"e"' });
  });

  it.each<[string, number, CacheDemand, typeof trusting]>([
    ['stale', 120, {}, trusting],
    ['stale, though the caller would take it', 120, { maxStaleSeconds: 10 }, trusting],
    ['older than max-age', 20, { maxAgeSeconds: 10 }, trusting],
    ['refused by no-cache', 1, { noCache: true }, trusting],
    ['opened by a key in doubt', 1, {}, doubted],
  ])('leaves the exchange as it was when what is kept is %s', (_why, age, cache, keys) => {
    const exchange = hasty(age, cache, keys);
    expect(exchange.settled).toBe(false);
    exchange.fail(fail('UPSTREAM_ERROR'));
    expect(exchange.failure?.code).toBe('UPSTREAM_ERROR');
  });
});

describe('read-cache, identical questions at once', () => {
  const holding = (stored: StoredReply | undefined) => new ReadCacheStage(keeping(true, stored), trusting);
  const reply = replyOf(storedSince(0), 'miss');
  /** All that can happen without the one ahead has happened. */
  const joined = () => new Promise((resolve) => setImmediate(resolve));
  const begin = (stage: ReadCacheStage, call: Partial<Call> = {}) => {
    const exchange = anExchange(readSlots(), aCall(call), clock);
    return { exchange, done: advance(stage, exchange) };
  };

  it('lets one ahead and gives its answer to the others', async () => {
    const stage = holding(undefined);
    const leader = begin(stage);
    await leader.done;
    const followers = [begin(stage), begin(stage)];
    await joined();
    expect(leader.exchange.settled).toBe(false);
    leader.exchange.settle(reply);
    for (const { done } of followers) await done;
    expect(followers.map(({ exchange }) => exchange.reply())).toEqual([reply, reply]);
  });

  it('gives the failure of the one ahead to the others, and starts anew afterwards', async () => {
    const stage = holding(undefined);
    const leader = begin(stage);
    await leader.done;
    const follower = begin(stage);
    await joined();
    leader.exchange.fail(fail('NOT_FOUND'));
    await follower.done;
    expect(follower.exchange.failure?.code).toBe('NOT_FOUND');
    const next = begin(stage);
    await next.done;
    expect(next.exchange.settled).toBe(false);
  });

  it('puts a follower ahead when the caller of the one ahead has left', async () => {
    const stage = holding(undefined);
    const left = new AbortController();
    const leader = begin(stage, { signal: left.signal });
    await leader.done;
    const follower = begin(stage);
    await joined();
    left.abort();
    leader.exchange.fail(fail('UPSTREAM_ERROR'));
    await follower.done;
    expect(follower.exchange.settled).toBe(false);
  });

  it('gives nobody an old answer because the caller of the one ahead has left', async () => {
    const stage = holding(storedSince(3600));
    const left = new AbortController();
    const leader = begin(stage, { signal: left.signal });
    await leader.done;
    const follower = begin(stage);
    await joined();
    left.abort();
    leader.exchange.fail(fail('UPSTREAM_ERROR'));
    await follower.done;
    expect([leader.exchange.failure?.code, follower.exchange.settled]).toEqual(['UPSTREAM_ERROR', false]);
  });

  it('lets each give its own old answer, and say why, when the OPCO is down', async () => {
    const stage = holding(storedSince(3600));
    const leader = begin(stage);
    await leader.done;
    const follower = begin(stage);
    await joined();
    leader.exchange.fail(fail('UPSTREAM_ERROR'));
    await follower.done;
    expect(follower.exchange.reply().cacheStatus).toBe('stale');
    expect(follower.exchange.rescuedFrom?.code).toBe('UPSTREAM_ERROR');
  });

  it('keeps apart tenants, questions and kinds of traffic', async () => {
    const stage = holding(undefined);
    const tenant = { ...aCall().tenant, hash: 'f'.repeat(64) as never };
    const others: Partial<Call>[] = [{}, { tenant }, { opcoId: 'afdas' }, { traffic: 'bulk' }, { cfaKey: 'k' }];
    const begun = others.map((call) => begin(stage, call));
    for (const { done } of begun) await done;
    expect(begun.every(({ exchange }) => !exchange.settled)).toBe(true);
  });
});
