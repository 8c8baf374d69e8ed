import type { UpstreamResponse } from '../../core/endpoint.js';
import { fail, type ErrorCode, type SentState } from '../../core/errors.js';
import { budgetKey } from '../../core/keys.js';
import { aPipeline, type PlayedOpco } from '../../../test/support/a-pipeline.js';
import { aCall, aDepositCall, ManualClock } from '../../../test/support/an-exchange.js';

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
    const { runner, sizes } = aPipeline(clock, play);
    sizes.declare(budgetKey('akto', 'test'), { rate: 0.1, burst: 2 });
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
