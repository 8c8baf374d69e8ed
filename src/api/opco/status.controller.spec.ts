import { fail, type ErrorCode } from '../../core/errors.js';
import type { CacheDemand } from '../../core/exchange.js';
import { replyOf } from '../../core/reply.js';
import { OpcoHealth } from '../../pipeline/06-call/opco-health.js';
import { aCall, anAdapter, anExchange, ManualClock } from '../../../test/support/an-exchange.js';
import { StatusController } from './status.controller.js';

function rig(cache: CacheDemand = {}) {
  const clock = new ManualClock();
  const health = new OpcoHealth(clock);
  const exchange = anExchange({ adapter: anAdapter() }, aCall({ endpoint: 'status', query: {}, cache }), clock);
  const breakDown = () => {
    for (let call = 0; call < 10; call += 1) {
      const admission = health.breaker('akto', 'test').admit(true);
      if (admission.admitted) admission.end('ill');
    }
  };
  return { exchange, breakDown, answer: () => new StatusController(health).status(exchange) };
}

const down = { status: 'unhealthy', supportedVersions: ['1.0'], uptime: 0 };

describe('GET /:opcoId/status', () => {
  it('tells what the OPCO says of itself, and what was seen of it', () => {
    const { exchange, answer } = rig();
    const told = { status: 'degraded', supportedVersions: ['1.0', '1.1'], uptime: 12 };
    const body = Buffer.from(JSON.stringify(told));
    exchange.settle(replyOf({ body, etag: '"e"', storedAt: 0, ttlSeconds: 30 }, 'miss'));
    expect(answer()).toEqual({ ...told, observed: { calls: 0, errorRate: null, p95Ms: null, breaker: 'closed' } });
  });

  it.each<ErrorCode>(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT'])('says unhealthy of an OPCO that fails by %s', (code) => {
    const { exchange, answer } = rig();
    exchange.fail(fail(code));
    expect(answer()).toMatchObject(down);
  });

  it('says unhealthy of an OPCO that is left alone by its breaker', () => {
    const { exchange, breakDown, answer } = rig();
    breakDown();
    exchange.fail(fail('UPSTREAM_UNAVAILABLE'));
    expect(answer()).toMatchObject({ ...down, observed: { breaker: 'open' } });
  });

  it.each<ErrorCode>(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_AUTH', 'RATE_LIMITED', 'NOT_SUPPORTED'])(
    'fails by %s where that says nothing about the OPCO',
    (code) => {
      const { exchange, answer } = rig();
      exchange.fail(fail(code));
      expect(answer).toThrow(code);
    },
  );

  it('fails where nothing is kept and only that was asked for', () => {
    const { exchange, answer } = rig({ onlyIfCached: true });
    exchange.fail(fail('UPSTREAM_TIMEOUT'));
    expect(answer).toThrow('UPSTREAM_TIMEOUT');
  });
});
