import { fail } from '../core/errors.js';
import { aCall, anExchange, ManualClock } from '../../test/support/an-exchange.js';
import { answerHeaders, notModified } from './answer-headers.js';
import { replyOf } from '../core/reply.js';

const clock = new ManualClock();
const stored = (ageSeconds: number) => ({
  body: Buffer.from('{}'),
  etag: '"e"',
  storedAt: clock.now() - ageSeconds * 1000,
  ttlSeconds: 60,
});

function answered(status: 'hit' | 'miss' | 'stale' | 'bypass', ageSeconds = 0, calls = 0, noCache = false) {
  const exchange = anExchange({}, aCall({ cache: noCache ? { noCache } : {} }), clock);
  exchange.upstreamCalls = calls;
  exchange.settle(replyOf(stored(ageSeconds), status));
  return exchange;
}

function unkept() {
  const exchange = anExchange({}, aCall(), clock);
  exchange.upstreamCalls = 1;
  exchange.settle(replyOf(stored(0), 'miss', false));
  return exchange;
}

describe('the headers of an answer', () => {
  it.each([
    ['a hit', answered('hit', 12), 'Opcovia; hit; ttl=48'],
    ['a miss', answered('miss', 0, 1), 'Opcovia; fwd=miss; stored; ttl=60'],
    ["a miss that shared another one's call", answered('miss'), 'Opcovia; fwd=miss; collapsed'],
    ['what is never kept', answered('bypass', 0, 1), 'Opcovia; fwd=bypass'],
    ['a demand for fresh', answered('bypass', 0, 1, true), 'Opcovia; fwd=request'],
    ['a stale answer that max-stale allowed', answered('stale', 90), 'Opcovia; hit; ttl=-30'],
    ['a miss whose write was refused', unkept(), 'Opcovia; fwd=miss'],
  ])('say how the cache took part: %s', (_what, exchange, expected) => {
    expect(answerHeaders(exchange)['cache-status']).toBe(expected);
  });

  it('mark an old answer that stands in for a failure', () => {
    const exchange = anExchange({}, aCall(), clock);
    exchange.rescueWith(() => replyOf(stored(600), 'stale'));
    exchange.fail(fail('UPSTREAM_TIMEOUT'));
    expect(answerHeaders(exchange)).toMatchObject({
      'cache-status': 'Opcovia; fwd=stale; ttl=-540; detail=UPSTREAM_TIMEOUT',
      'opcovia-stale': 'true',
      age: '600',
      etag: '"e"',
    });
  });

  it('give age and validator of a hit, and forbid others to keep it', () => {
    expect(answerHeaders(answered('hit', 12))).toMatchObject({
      age: '12',
      etag: '"e"',
      'cache-control': 'private, no-cache',
    });
  });

  it('tell the time of each stage, of a failure too', () => {
    const exchange = anExchange({}, aCall(), clock);
    exchange.timings.push(['resolve-adapter', 0.04], ['call', 12.34]);
    exchange.fail(fail('UPSTREAM_ERROR'));
    expect(answerHeaders(exchange)).toEqual({
      'server-timing': 'resolve-adapter;dur=0.0, call;dur=12.3',
      'cache-control': 'private, no-store',
    });
  });
});

describe('If-None-Match', () => {
  it.each([
    ['"e"', true],
    ['W/"e"', true],
    ['"a", "e"', true],
    ['*', true],
    ['"a"', false],
    ['e', false],
    [undefined, false],
  ])('%j against "e" is %j', (field, expected) => {
    expect(notModified(field, '"e"')).toBe(expected);
  });
});
