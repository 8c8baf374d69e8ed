import { fail, type ErrorCode, type SentState } from '../../core/errors.js';
import { budgetKey } from '../../core/keys.js';
import type { UpstreamResponse } from '../../core/endpoint.js';
import { aPipeline, type PlayedOpco } from '../../../test/support/a-pipeline.js';
import { aCall, aDepositCall, anAdapter, aRead, ManualClock } from '../../../test/support/an-exchange.js';

const answered = (status: number): UpstreamResponse => ({
  status,
  headers: {},
  body: { numeroInterne: 'N-1', etat: 'ENGAGE' },
});
const failing = (code: ErrorCode, sent: SentState) => fail(code, { sent });

describe('call, an OPCO that is down', () => {
  const status = { ...aRead, name: 'status' as const, path: '/status' };
  const adapter = anAdapter({ endpoints: { ...anAdapter().endpoints, status } });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** Its `down` routes failed until their breaker opened. */
  async function brokenDown(down: 'GET' | 'POST') {
    const clock = new ManualClock();
    const state = { up: false, calls: [] as string[] };
    const rig = aPipeline(
      clock,
      ({ request: { method } }) => {
        state.calls.push(method);
        const ill = method === down && !state.up;
        return ill ? Promise.reject(failing('UPSTREAM_ERROR', 'maybe-sent')) : Promise.resolve(answered(200));
      },
      adapter,
    );
    const asked = (n: number) => (down === 'GET' ? aCall({ query: { numeroInterne: `N-${n}` } }) : aDepositCall());
    for (let n = 0; n < (down === 'GET' ? 10 : 5); n += 1) await rig.runner.run(asked(n));
    const breakers = () => rig.health.observed('akto', 'test').breakers;
    return { ...rig, clock, state, breakers };
  }

  it('is asked no more after ten failed reads, with a true Retry-After', async () => {
    const { runner, state, health } = await brokenDown('GET');
    const exchange = await runner.run(aCall());
    expect(exchange.failure).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      details: { retryAfterSeconds: 5, sent: 'not-sent' },
    });
    expect(state.calls).toHaveLength(10);
    expect(health.observed('akto', 'test')).toMatchObject({
      ...{ calls: 10, errorRate: 1, breaker: 'open' },
      routes: { read: { calls: 10, errorRate: 1 }, deposit: { calls: 0, errorRate: null } },
    });
  });

  it('still gets deposits while only its reads fail, and reads while only its deposits do', async () => {
    const reads = await brokenDown('GET');
    expect(reads.breakers()).toEqual({ read: 'open', deposit: 'closed' });
    expect((await reads.runner.run(aDepositCall())).failure).toBeUndefined();
    const deposits = await brokenDown('POST');
    expect(deposits.breakers()).toEqual({ read: 'closed', deposit: 'open' });
    expect((await deposits.runner.run(aCall())).failure).toBeUndefined();
    expect((await deposits.runner.run(aDepositCall())).failure?.code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('is probed by one read, and used again when that goes well', async () => {
    const { runner, clock, state, breakers } = await brokenDown('GET');
    clock.pass(5);
    state.up = true;
    expect((await runner.run(aCall())).failure).toBeUndefined();
    expect(breakers().read).toBe('closed');
  });

  it('is never probed by a deposit: its status is asked instead', async () => {
    const { runner, clock, state, breakers } = await brokenDown('POST');
    clock.pass(5);
    state.up = true;
    expect((await runner.run(aDepositCall())).failure?.code).toBe('UPSTREAM_UNAVAILABLE');
    await turn();
    expect(state.calls.slice(5)).toEqual(['GET']);
    expect(breakers().deposit).toBe('closed');
    expect((await runner.run(aDepositCall())).failure).toBeUndefined();
  });

  it('is probed once, however many deposits wait', async () => {
    const { runner, clock, state } = await brokenDown('POST');
    clock.pass(5);
    await Promise.all(Array.from({ length: 4 }, () => runner.run(aDepositCall())));
    await turn();
    expect(state.calls.slice(5)).toEqual(['GET']);
  });

  it('loses one deposit, not ten, where its status is well and its deposits still fail', async () => {
    const { runner, clock, state, breakers } = await brokenDown('POST');
    clock.pass(5);
    await runner.run(aDepositCall());
    await turn();
    await Promise.all(Array.from({ length: 4 }, () => runner.run(aDepositCall())));
    expect(state.calls.slice(5)).toEqual(['GET', 'POST']);
    expect(breakers().deposit).toBe('open');
  });

  it('is probed on behalf of a deposit as by any call: out of the budget, into the audit log and the metrics', async () => {
    const { runner, clock, state, rows, observed, permits } = await brokenDown('POST');
    clock.pass(5);
    state.up = true;
    await runner.run(aDepositCall());
    await turn();
    expect(rows.at(-1)).toMatchObject({ endpoint: 'status', path: '/status', upstreamCalls: 1, upstreamStatus: 200 });
    expect(observed.filter(({ endpoint }) => endpoint === 'status')).toMatchObject([
      { outcome: 'ok', upstreamCalls: 1 },
    ]);
    const left = Array.from({ length: 100 }, () => permits.take(budgetKey('akto', 'test'), 'interactive').granted);
    expect(left.filter(Boolean)).toHaveLength(99);
  });

  it('is not probed on behalf of a deposit when there is no permit for it', async () => {
    const { runner, clock, state, sizes, breakers } = await brokenDown('POST');
    clock.pass(5);
    // One permit, which the deposit itself holds until it is refused.
    sizes.declare(budgetKey('akto', 'test'), { rate: 0.001, burst: 1 });
    expect((await runner.run(aDepositCall({ traffic: 'interactive' }))).failure?.code).toBe('UPSTREAM_UNAVAILABLE');
    await turn();
    expect(state.calls).toHaveLength(5);
    expect(breakers().deposit).toBe('half-open');
  });
});

describe('call, an OPCO that holds its calls', () => {
  /** Four places, all of them taken. */
  async function heldUp() {
    const clock = new ManualClock();
    const held: (() => void)[] = [];
    const hold: PlayedOpco = ({ request }) =>
      request.method === 'POST'
        ? Promise.resolve(answered(200))
        : new Promise((resolve) => held.push(() => resolve(answered(200))));
    const rig = aPipeline(clock, hold);
    let asked = 0;
    const ask = (signal?: AbortSignal) =>
      rig.runner.run(aCall({ query: { numeroInterne: `N-${asked++}` }, ...(signal && { signal }) }));
    const first = Array.from({ length: 4 }, () => ask());
    const let4Go = () => held.splice(0).forEach((end) => end());
    await new Promise((resolve) => setImmediate(resolve));
    return { ...rig, held, ask, first, let4Go };
  }

  it('gets no more calls at once than it bears, and the others in their turn', async () => {
    const { held, ask, first, let4Go } = await heldUp();
    const fifth = ask();
    await new Promise((resolve) => setImmediate(resolve));
    expect(held).toHaveLength(4);
    let4Go();
    await Promise.all(first);
    expect(held).toHaveLength(1);
    let4Go();
    expect((await fifth).failure).toBeUndefined();
  });

  it('still takes deposits', async () => {
    const { runner, first, let4Go } = await heldUp();
    expect((await runner.run(aDepositCall())).failure).toBeUndefined();
    let4Go();
    await Promise.all(first);
  });

  it('has a bounded line: who comes too many is told at once, with a Retry-After', async () => {
    const { ask, first, let4Go } = await heldUp();
    const waiting = Array.from({ length: 32 }, () => ask());
    expect((await ask()).failure).toMatchObject({
      code: 'OVERLOADED',
      details: { sent: 'not-sent', retryAfterSeconds: expect.any(Number) as number },
    });
    for (let round = 0; round < 9; round += 1) (let4Go(), await new Promise((resolve) => setImmediate(resolve)));
    expect((await Promise.all([...first, ...waiting])).filter(({ failure }) => failure)).toEqual([]);
  });

  it('is not asked by a caller who has left the line', async () => {
    const { held, ask, first, let4Go } = await heldUp();
    const left = new AbortController();
    const fifth = ask(left.signal);
    left.abort();
    expect(await fifth).toMatchObject({ upstreamCalls: 0 });
    let4Go();
    await Promise.all(first);
    expect(held).toHaveLength(0);
  });
});
