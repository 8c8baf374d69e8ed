import { fail } from '../../core/errors.js';
import type { TrafficClass } from '../../core/exchange.js';
import type { Asking, PermitDecision } from '../../core/permits.js';
import { advance } from '../../core/stage.js';
import { aCall, anAdapter, anExchange } from '../../../test/support/an-exchange.js';
import { RateLimitStage } from './rate-limit.stage.js';

function rig(decision: PermitDecision) {
  const asked: { readonly for: string; readonly asking: Asking }[] = [];
  const ask = (budget: string, traffic: TrafficClass, asking: Asking) => {
    asked.push({ for: `${budget} ${traffic}`, asking });
    return Promise.resolve(decision);
  };
  return { stage: new RateLimitStage({ ask }), asked };
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
    const { stage, asked } = rig({ granted: true, permit });
    const exchange = exchangeOf('interactive');
    await advance(stage, exchange);
    expect(exchange.read('permit')).toBe(permit);
    expect(asked[0]?.for).toMatch(/akto:test interactive$/);
    expect(asked[0]?.asking.tenant).toBe(exchange.call.tenant.hash);
  });

  it.each([
    ['interactive', 250],
    ['job', 1000],
    ['poll', 1000],
    ['bulk', 1000],
  ] as const)('lets %s stand in line for %i ms at most', async (traffic, ms) => {
    const { stage, asked } = rig(inSeconds(9));
    await advance(stage, exchangeOf(traffic));
    expect(asked.map(({ asking }) => asking.patienceMs)).toEqual([ms]);
  });

  it.each([
    [3, 3],
    [undefined, 1],
  ])("stands in line with the tenant's weight (%p)", async (weight, told) => {
    const { stage, asked } = rig(inSeconds(9));
    const call = aCall();
    const tenant = { ...call.tenant, ...(weight !== undefined && { weight }) };
    await advance(stage, anExchange({ adapter: anAdapter() }, { ...call, tenant }));
    expect(asked[0]?.asking.weight).toBe(told);
  });

  it('lets whoever leaves out of the line', async () => {
    const leaving = new AbortController();
    const { stage, asked } = rig(inSeconds(9));
    await advance(stage, anExchange({ adapter: anAdapter() }, aCall({ signal: leaving.signal })));
    expect(asked[0]?.asking.signal).toBe(leaving.signal);
  });

  it.each(['interactive', 'job', 'poll', 'bulk'] as const)(
    'tells the true wait in whole seconds (%s)',
    async (traffic) => {
      const exchange = exchangeOf(traffic);
      await advance(rig(inSeconds(6.1)).stage, exchange);
      expect(exchange.failure).toMatchObject({
        code: 'RATE_LIMITED',
        details: { retryAfterSeconds: 7, sent: 'not-sent' },
      });
      const soon = exchangeOf(traffic);
      await advance(rig(inSeconds(0.01)).stage, soon);
      expect(soon.failure?.details.retryAfterSeconds).toBe(1);
    },
  );

  it('gives the permit back when nothing went upstream, and only then', async () => {
    for (const upstreamCalls of [0, 1]) {
      const permit = aPermit();
      const exchange = exchangeOf('interactive');
      await advance(rig({ granted: true, permit }).stage, exchange);
      exchange.upstreamCalls = upstreamCalls;
      exchange.fail(fail('UPSTREAM_ERROR'));
      expect(permit.released).toBe(1 - upstreamCalls);
    }
  });
});
