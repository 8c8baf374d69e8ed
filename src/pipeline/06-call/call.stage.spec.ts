import type { UpstreamResponse } from '../../core/endpoint.js';
import { fail, type ErrorCode, type SentState } from '../../core/errors.js';
import { budgetKey } from '../../core/keys.js';
import { aPipeline, type PlayedOpco } from '../../../test/support/a-pipeline.js';
import { aCall, aDepositCall, anAdapter, aRead, ManualClock } from '../../../test/support/an-exchange.js';

const answered = (status: number, headers: Record<string, string> = {}): UpstreamResponse => ({
  status,
  headers,
  body: { numeroInterne: 'N-1', etat: 'ENGAGE' },
});
const failing = (code: ErrorCode, sent: SentState) => fail(code, { sent });

/** An OPCO that gives these answers, one a call, then 200. */
function playing(...acts: (UpstreamResponse | Error)[]): { play: PlayedOpco; calls: () => number } {
  let calls = 0;
  const play: PlayedOpco = () => {
    const act = acts[calls++] ?? answered(200);
    return act instanceof Error ? Promise.reject(act) : Promise.resolve(act);
  };
  return { play, calls: () => calls };
}

describe('call, a read', () => {
  it.each([502, 503, 504])('is asked again after a %i', async (status) => {
    const { play, calls } = playing(answered(status));
    const exchange = await aPipeline(new ManualClock(), play).runner.run(aCall());
    expect(exchange.failure).toBeUndefined();
    expect([calls(), exchange.upstreamCalls]).toEqual([2, 2]);
  });

  it('is asked again when nothing was sent, at most twice', async () => {
    const { play, calls } = playing(...Array.from({ length: 5 }, () => failing('UPSTREAM_ERROR', 'not-sent')));
    const exchange = await aPipeline(new ManualClock(), play).runner.run(aCall());
    expect(exchange.failure?.code).toBe('UPSTREAM_ERROR');
    expect(calls()).toBe(3);
  });

  it.each([
    ['a 500', answered(500)],
    ['a 400', answered(400)],
    ['a 429', answered(429)],
    ['a timeout after sending', failing('UPSTREAM_TIMEOUT', 'maybe-sent')],
    ['a refused token', failing('UPSTREAM_AUTH', 'not-sent')],
  ])('is not asked again after %s', async (_what, act) => {
    const { play, calls } = playing(act);
    await aPipeline(new ManualClock(), play).runner.run(aCall());
    expect(calls()).toBe(1);
  });

  it('takes a permit for each retry, and gives up without one', async () => {
    const clock = new ManualClock();
    const { play, calls } = playing(answered(503), answered(503));
    const { runner, permits } = aPipeline(clock, play);
    permits.declare(budgetKey('akto', 'test'), { rate: 0.1, burst: 2 });
    const exchange = await runner.run(aCall());
    expect(calls()).toBe(2);
    expect(exchange.failure).toMatchObject({ code: 'UPSTREAM_ERROR', details: { upstream: { status: 503 } } });
  });

  it('is not asked again once its time is up', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const { runner } = aPipeline(clock, () => (clock.pass(11.8), (calls += 1), Promise.resolve(answered(503))));
    await runner.run(aCall());
    expect(calls).toBe(1);
  });

  it('makes the budget pause when the OPCO answers 429', async () => {
    const { play } = playing(answered(429, { 'retry-after': '30' }));
    const { runner, permits } = aPipeline(new ManualClock(), play);
    expect((await runner.run(aCall())).failure).toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 30 },
    });
    expect(permits.take(budgetKey('akto', 'test'), 'interactive')).toMatchObject({ granted: false });
  });

  it('reaches no host of another environment', async () => {
    const live = { ...aCall().tenant, environment: 'live' as const };
    const exchange = await aPipeline(new ManualClock()).runner.run(aCall({ tenant: live }));
    expect(exchange.failure).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', details: { sent: 'not-sent' } });
    expect(exchange.upstreamCalls).toBe(0);
  });
});

describe('call, a deposit', () => {
  it.each([
    ['a 503', answered(503)],
    ['a connection refused', failing('UPSTREAM_ERROR', 'not-sent')],
    ['a lost answer', failing('UPSTREAM_TIMEOUT', 'maybe-sent')],
  ])('is sent once, whatever comes of it: %s', async (_what, act) => {
    const { play, calls } = playing(act);
    await aPipeline(new ManualClock(), play).runner.run(aDepositCall());
    expect(calls()).toBe(1);
  });

  it('is announced before it is sent, and not sent when the announcement is refused', async () => {
    const { play, calls } = playing();
    const order: string[] = [];
    const played: PlayedOpco = (sent) => (order.push('sent'), play(sent));
    const { runner } = aPipeline(new ManualClock(), played);
    await runner.run(aDepositCall({ beforeSend: () => Promise.resolve(void order.push('announced')) }));
    expect(order).toEqual(['announced', 'sent']);
    const refused = await runner.run(aDepositCall({ beforeSend: () => Promise.reject(fail('CONFLICT')) }));
    expect(refused.failure?.code).toBe('CONFLICT');
    expect([calls(), refused.upstreamCalls]).toEqual([1, 0]);
  });
});

describe('call, an OPCO that is down', () => {
  const status = { ...aRead, name: 'status' as const, path: '/status' };
  const adapter = anAdapter({ endpoints: { ...anAdapter().endpoints, status } });

  async function brokenDown() {
    const clock = new ManualClock();
    const state = { up: false, calls: [] as string[] };
    const rig = aPipeline(
      clock,
      (order) => {
        state.calls.push(order.request.method);
        return state.up ? Promise.resolve(answered(200)) : Promise.reject(failing('UPSTREAM_ERROR', 'maybe-sent'));
      },
      adapter,
    );
    for (let n = 0; n < 10; n += 1) await rig.runner.run(aCall({ query: { numeroInterne: `N-${n}` } }));
    return { ...rig, clock, state };
  }

  it('is left alone after ten failures, with a true Retry-After', async () => {
    const { runner, state, health } = await brokenDown();
    const exchange = await runner.run(aCall());
    expect(exchange.failure).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      details: { retryAfterSeconds: 5, sent: 'not-sent' },
    });
    expect(state.calls).toHaveLength(10);
    expect(health.observed('akto', 'test')).toMatchObject({ calls: 10, errorRate: 1, breaker: 'open' });
  });

  it('is probed by one read, and used again when that goes well', async () => {
    const { runner, clock, state, health } = await brokenDown();
    clock.pass(5);
    state.up = true;
    expect((await runner.run(aCall())).failure).toBeUndefined();
    expect(health.observed('akto', 'test').breaker).toBe('closed');
  });

  it('is never probed by a deposit: its status is asked instead', async () => {
    const { runner, clock, state, health } = await brokenDown();
    clock.pass(5);
    state.up = true;
    expect((await runner.run(aDepositCall())).failure?.code).toBe('UPSTREAM_UNAVAILABLE');
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.calls.slice(10)).toEqual(['GET']);
    expect(health.observed('akto', 'test').breaker).toBe('closed');
    expect((await runner.run(aDepositCall())).failure).toBeUndefined();
  });

  it('is probed on behalf of a deposit as by any call: out of the budget, into the audit log and the metrics', async () => {
    const { runner, clock, state, rows, observed, permits } = await brokenDown();
    clock.pass(5);
    state.up = true;
    await runner.run(aDepositCall());
    await new Promise((resolve) => setImmediate(resolve));
    expect(rows.at(-1)).toMatchObject({ endpoint: 'status', path: '/status', upstreamCalls: 1, upstreamStatus: 200 });
    expect(observed.filter(({ endpoint }) => endpoint === 'status')).toMatchObject([
      { outcome: 'ok', upstreamCalls: 1 },
    ]);
    const left = Array.from({ length: 100 }, () => permits.take(budgetKey('akto', 'test'), 'interactive').granted);
    expect(left.filter(Boolean)).toHaveLength(99);
  });

  it('is not probed on behalf of a deposit when there is no permit for it', async () => {
    const { runner, clock, state, permits, health } = await brokenDown();
    clock.pass(5);
    // One permit, which the deposit itself holds until it is refused.
    permits.declare(budgetKey('akto', 'test'), { rate: 0.001, burst: 1 });
    expect((await runner.run(aDepositCall({ traffic: 'interactive' }))).failure?.code).toBe('UPSTREAM_UNAVAILABLE');
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.calls).toHaveLength(10);
    expect(health.observed('akto', 'test').breaker).toBe('half-open');
  });
});
