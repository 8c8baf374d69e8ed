import { fail } from '../../core/errors.js';
import type { TrafficClass } from '../../core/exchange.js';
import type { PermitDecision } from '../../core/permits.js';
import { advance } from '../../core/stage.js';
import { aCall, anAdapter, anExchange, ManualClock } from '../../../test/support/an-exchange.js';
import { RateLimitStage } from './rate-limit.stage.js';

function rig(decisions: PermitDecision[]) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const waits: number[] = [];
  const take = (budget: string, traffic: TrafficClass) => {
    asked.push(`${budget} ${traffic}`);
    return decisions.shift() ?? { granted: false as const, retryAfterSeconds: 1 };
  };
  const wait = (ms: number) => {
    waits.push(ms);
    clock.pass(ms / 1000);
    return Promise.resolve();
  };
  return { stage: new RateLimitStage({ take }, clock, wait), asked, waits };
}

const inSeconds = (retryAfterSeconds: number): PermitDecision => ({ granted: false, retryAfterSeconds });

function aPermit() {
  const permit = { released: 0, release: () => void (permit.released += 1) };
  return permit;
}

const exchangeOf = (traffic: TrafficClass) => anExchange({ adapter: anAdapter() }, aCall({ traffic }));

describe('rate-limit', () => {
  it("takes a permit out of the OPCO's budget for the tenant's environment", async () => {
    const permit = aPermit();
    const { stage, asked } = rig([{ granted: true, permit }]);
    const exchange = exchangeOf('interactive');
    await advance(stage, exchange);
    expect(exchange.read('permit')).toBe(permit);
    expect(asked[0]).toMatch(/akto:test interactive$/);
  });

  it('makes a person wait for a permit that is near', async () => {
    const { stage, waits } = rig([inSeconds(0.1), inSeconds(0.1), { granted: true, permit: aPermit() }]);
    const exchange = exchangeOf('interactive');
    await advance(stage, exchange);
    expect(exchange.has('permit')).toBe(true);
    expect(waits).toEqual([100, 100]);
  });

  it('tells a person the true wait when it is longer than 250 ms', async () => {
    const { stage, waits } = rig([inSeconds(0.2), inSeconds(6.1)]);
    const exchange = exchangeOf('interactive');
    await advance(stage, exchange);
    expect(exchange.failure).toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfterSeconds: 7, sent: 'not-sent' },
    });
    expect(waits).toEqual([200]);
  });

  it.each(['job', 'poll'] as const)('refuses a worker (%s) at once', async (traffic) => {
    const { stage, waits } = rig([inSeconds(0.01)]);
    const exchange = exchangeOf(traffic);
    await advance(stage, exchange);
    expect(exchange.failure?.details.retryAfterSeconds).toBe(1);
    expect(waits).toEqual([]);
  });

  it('lets bulk traffic wait for a permit of this second, and tells it the true wait for a later one', async () => {
    const near = rig([inSeconds(0.6), { granted: true, permit: aPermit() }]);
    const first = exchangeOf('bulk');
    await advance(near.stage, first);
    expect([first.has('permit'), near.waits]).toEqual([true, [600]]);
    const far = rig([inSeconds(1.2)]);
    const second = exchangeOf('bulk');
    await advance(far.stage, second);
    expect([second.failure?.code, second.failure?.details.retryAfterSeconds]).toEqual(['RATE_LIMITED', 2]);
    expect(far.waits).toEqual([]);
  });

  it('gives the permit back when nothing went upstream, and only then', async () => {
    for (const upstreamCalls of [0, 1]) {
      const permit = aPermit();
      const exchange = exchangeOf('interactive');
      await advance(rig([{ granted: true, permit }]).stage, exchange);
      exchange.upstreamCalls = upstreamCalls;
      exchange.fail(fail('UPSTREAM_ERROR'));
      expect(permit.released).toBe(1 - upstreamCalls);
    }
  });
});
