import fc from 'fast-check';
import type { Static, TSchema } from 'typebox';
import { lanes } from '../fair/classes.js';
import { protocolVersion, type FromHub, type ToHub } from '../messages.js';
import type { fromHub } from './from-hub-schema.js';
import { longestMessage, mostItems, type toHub } from './to-hub-schema.js';
import { readFromHub, readToHub } from './validate.js';

type Said<T extends Record<string, TSchema>> = { [K in keyof T]: Static<T[K]> }[keyof T];
/** The two descriptions of the messages agree, or this file does not compile. */
type Agree<A extends { type: string }, B extends { type: string }> = [A, B['type']] extends [B, A['type']]
  ? true
  : never;

const tenant = 'ab'.repeat(32);
const hello = {
  type: 'hello',
  v: protocolVersion,
  instance: 'one',
  at: 12.5,
  epoch: 0,
  held: { share: 0, leftMs: 0, known: false },
} as const;
const want = { lane: 'job', tenant, weight: 1, calls: 3 } as const;
const became = { tenant, accepted: 3, failed: 0, throttled: 1 } as const;
const sound: readonly ToHub[] = [
  hello,
  { type: 'lease', budget: 'akto', wants: [want, { ...want, lane: 'ahead', tenant: '' }], heard: 3 },
  { type: 'renew', at: 0, confirms: 7 },
  { type: 'release', budget: 'akto', calls: 1 },
  { type: 'report', budget: 'akto', ahead: 2, became: [{ ...became, ms: 1.5, headers: { 'ratelimit-limit': '10' } }] },
  { type: 'leave' },
  { type: 'ping' },
];
const waitMs = { interactive: 0, job: 0, poll: 1.5, bulk: 2, ahead: 3 };
const words: readonly FromHub[] = [
  { epoch: 1, n: 1, type: 'lease', share: 0.9, askedAt: 12.5 },
  { epoch: 1, n: 2, type: 'grant', budget: 'akto', granted: [{ lane: 'bulk', tenant, calls: 4 }] },
  {
    epoch: 1,
    n: 3,
    type: 'limits',
    budgets: [{ budget: 'akto', rate: 9.5, burst: 10, pausedMs: 0, waitMs, leastMs: waitMs, ofOne: { [tenant]: 100 } }],
  },
  { epoch: 1, n: 4, type: 'revoke', reason: 'REVOKED' },
  { epoch: 1, n: 5, type: 'error', code: 'BAD_MESSAGE' },
  { epoch: 1, n: 6, type: 'ping' },
];
const faultOf = (value: unknown) => {
  const read = readToHub(typeof value === 'string' ? value : JSON.stringify(value));
  return 'fault' in read ? read.fault : undefined;
};

describe('a message to the hub', () => {
  it('has the types of messages.ts', () => {
    const same: Agree<Exclude<Said<typeof toHub>, { type: 'token' }>, ToHub> = true;
    const back: Agree<Said<typeof fromHub>, FromHub> = true;
    expect([same, back]).toEqual([true, true]);
  });

  it('is read as it was sent', () => {
    for (const message of sound) expect(readToHub(JSON.stringify(message))).toEqual({ message });
    for (const message of words) expect(readFromHub(JSON.stringify(message))).toEqual({ message });
  });

  it('stays below the longest frame with as many items as it may have', () => {
    const wants = Array.from({ length: mostItems }, () => ({ ...want, lane: 'interactive', calls: 100_000 }));
    expect(JSON.stringify({ type: 'lease', budget: 'x'.repeat(80), wants }).length).toBeLessThan(longestMessage);
  });

  it.each([
    ['no JSON', '{"type":', 'BAD_JSON'],
    ['nothing', '', 'BAD_JSON'],
    ['a word', '"hello"', 'UNKNOWN_TYPE'],
    ['null', 'null', 'UNKNOWN_TYPE'],
    ['a list', '[]', 'UNKNOWN_TYPE'],
    ['no type', '{}', 'UNKNOWN_TYPE'],
    ['the type of every object', '{"type":"__proto__"}', 'UNKNOWN_TYPE'],
    ['another one of them', '{"type":"constructor"}', 'UNKNOWN_TYPE'],
    ['a type that hides', '{"__proto__":{"type":"ping"}}', 'UNKNOWN_TYPE'],
    ['a field too many', '{"type":"ping","more":1}', 'BAD_MESSAGE'],
    ['a hidden field', '{"type":"ping","__proto__":{"more":1}}', 'BAD_MESSAGE'],
    ['65 kB', JSON.stringify({ type: 'ping', more: 'x'.repeat(65_000) + 'é'.repeat(500) }), 'TOO_LONG'],
  ])('is refused when it is %s', (_what, text, fault) => expect(faultOf(text)).toBe(fault));

  it('of another version is told so', () => {
    expect(faultOf({ ...hello, v: protocolVersion + 1 })).toBe('VERSION');
    expect(faultOf({ ...hello, v: '1' })).toBe('BAD_MESSAGE');
  });

  it.each([-1, 1.5, 100_001, 1e308, 'NaN', '3', null, true, [3], {}])('may not want %j calls', (calls) => {
    expect(faultOf({ type: 'lease', budget: 'akto', wants: [{ ...want, calls }] })).toBe('BAD_MESSAGE');
    expect(faultOf({ type: 'release', budget: 'akto', calls })).toBe('BAD_MESSAGE');
    expect(faultOf({ type: 'report', budget: 'akto', ahead: 0, became: [{ ...became, accepted: calls }] })).toBe(
      'BAD_MESSAGE',
    );
  });

  it('may not want calls in text that JSON takes for infinite', () => {
    expect(faultOf(`{"type":"release","budget":"akto","calls":1e999}`)).toBe('BAD_MESSAGE');
    expect(faultOf(`{"type":"renew","at":1e999,"confirms":0}`)).toBe('BAD_MESSAGE');
  });

  it.each([
    { weight: 0 },
    { weight: 100.1 },
    { weight: -1 },
    { tenant: 'AB'.repeat(32) },
    { tenant: 'ab' },
    { lane: 'urgent' },
    { lane: '__proto__' },
  ])('may not want with %j', (odd) => {
    expect(faultOf({ type: 'lease', budget: 'akto', wants: [{ ...want, ...odd }] })).toBe('BAD_MESSAGE');
  });

  it('may not list more wants than there are items', () => {
    const wants = Array.from({ length: mostItems + 1 }, () => want);
    expect(faultOf({ type: 'lease', budget: 'akto', wants })).toBe('BAD_MESSAGE');
  });

  it('carries rate fields only, few and short', () => {
    const withHeaders = (headers: unknown) => ({
      ...{ type: 'report', budget: 'akto', ahead: 0, became: [{ ...became, headers }] },
    });
    expect(faultOf(withHeaders({ 'x-ratelimit-remaining': '3' }))).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, '1']));
    for (const odd of [{ 'X-Upper': '1' }, { a: 1 }, { a: 'x'.repeat(513) }, { 'a b': '1' }, many]) {
      expect(faultOf(withHeaders(odd))).toBe('BAD_MESSAGE');
    }
  });
});

describe('any frame', () => {
  const lane = fc.constantFrom(...lanes);
  const odd = fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom('NaN', -1, 1e308, '__proto__'));

  it('is read without an exception, and pollutes nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.string({ unit: 'binary' })), (text) => {
        for (const read of [readToHub(text), readFromHub(text)])
          expect('fault' in read || 'message' in read).toBe(true);
        expect(({} as Record<string, unknown>)['type']).toBeUndefined();
      }),
    );
  });

  it('whose wants are taken has finite whole numbers within their bounds', () => {
    const wants = fc.array(
      fc.record({
        lane: fc.oneof(lane, odd),
        tenant: fc.oneof(fc.constant(tenant), odd),
        weight: fc.oneof(fc.double({ min: 0.1, max: 100, noNaN: true }), odd),
        calls: fc.oneof(fc.nat(200_000), odd),
      }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(wants, (given) => {
        const read = readToHub(JSON.stringify({ type: 'lease', budget: 'akto', wants: given }));
        if (!('message' in read) || read.message.type !== 'lease') return;
        for (const { lane: of, weight, calls } of read.message.wants) {
          expect(lanes).toContain(of);
          expect(Number.isInteger(calls) && calls >= 0 && calls <= 100_000).toBe(true);
          expect(weight >= 0.1 && weight <= 100).toBe(true);
        }
      }),
    );
  });
});
