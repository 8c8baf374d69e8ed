import { fail, type ErrorCode } from '../../core/errors.js';
import type { CacheDemand } from '../../core/exchange.js';
import { replyOf } from '../../core/reply.js';
import { OpcoHealth, type LaneName } from '../../pipeline/06-call/opco-health.js';
import { DriftWatch } from '../../pipeline/08-validate-response/drift-watch.js';
import { aCall, anAdapter, anExchange, ManualClock } from '../../../test/support/an-exchange.js';
import { StatusController } from './status.controller.js';

function rig(cache: CacheDemand = {}) {
  const clock = new ManualClock();
  const health = new OpcoHealth(clock);
  const exchange = anExchange({ adapter: anAdapter() }, aCall({ endpoint: 'status', query: {}, cache }), clock);
  const breakDown = (routeClass: LaneName['routeClass']) => {
    for (let call = 0; call < 10; call += 1) {
      const admission = health.breaker({ opcoId: 'akto', environment: 'test', routeClass }).admit(true);
      if (admission.admitted) admission.end('ill');
    }
  };
  const drift = new DriftWatch(clock, { firstSeen: () => undefined, counted: () => undefined });
  return { exchange, breakDown, answer: () => new StatusController(health, drift, () => false).status(exchange) };
}

const down = { status: 'unhealthy', supportedVersions: ['1.0'], uptime: 0 };

describe('GET /:opcoId/status', () => {
  it('tells what the OPCO says of itself, and what was seen of it', () => {
    const { exchange, answer } = rig();
    const told = { status: 'degraded', supportedVersions: ['1.0', '1.1'], uptime: 12 };
    const body = Buffer.from(JSON.stringify(told));
    exchange.settle(replyOf({ body, etag: '"e"', storedAt: 0, ttlSeconds: 30 }, 'miss'));
    const nothing = { calls: 0, errorRate: null, p95Ms: null };
    const breakers = { read: 'closed', deposit: 'closed' };
    const observed = {
      ...nothing,
      breaker: 'closed',
      breakers,
      routes: { read: nothing, deposit: nothing },
      drift: [],
    };
    expect(answer()).toEqual({ ...told, observed });
  });

  it.each<ErrorCode>(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT'])('says unhealthy of an OPCO that fails by %s', (code) => {
    const { exchange, answer } = rig();
    exchange.fail(fail(code));
    expect(answer()).toMatchObject(down);
  });

  it('says unhealthy of an OPCO that is left alone by its breaker', () => {
    const { exchange, breakDown, answer } = rig();
    breakDown('read');
    exchange.fail(fail('UPSTREAM_UNAVAILABLE'));
    expect(answer()).toMatchObject({ ...down, observed: { breaker: 'open' } });
  });

  it('shows the breaker of the deposits beside that of the reads, and the worse of the two', () => {
    const { exchange, breakDown, answer } = rig();
    breakDown('deposit');
    const body = Buffer.from(JSON.stringify({ status: 'healthy', supportedVersions: ['1.0'], uptime: 12 }));
    exchange.settle(replyOf({ body, etag: '"e"', storedAt: 0, ttlSeconds: 30 }, 'miss'));
    expect(answer()).toMatchObject({
      status: 'healthy',
      observed: { breaker: 'open', breakers: { read: 'closed', deposit: 'open' } },
    });
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
