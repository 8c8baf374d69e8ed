import { Global, Module, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheHitLog } from '../audit/cache-hit-log.js';
import { UpstreamCallLog } from '../audit/upstream-call-log.js';
import { budgetKey } from '../core/keys.js';
import type { Permits } from '../core/permits.js';
import { besideHub } from '../hub/central/beside.js';
import { Hub } from '../hub/central/hub.js';
import { BudgetSizes } from '../hub/central/sizes.js';
import { PERMITS } from '../hub/hub.tokens.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { adapters } from '../opco/adapters.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Upstreams } from '../platform/config/upstreams.js';
import { TENANT_KEYS } from '../platform/crypto/tenant-keys.js';
import { Database } from '../platform/database/database.js';
import { ReadinessDetails } from '../platform/health/readiness-details.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { CACHE_REDIS } from '../platform/redis/redis.tokens.js';
import { OpcoClientsRepository } from '../tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { RedisForgetBus } from '../cache/forget-bus.js';
import { aCall, ManualClock } from '../../test/support/an-exchange.js';
import { PipelineModule } from './pipeline.module.js';
import { PipelineRunner } from './pipeline.runner.js';

/** What the application gives to all modules; Redis is away. */
const surroundings: Provider[] = [
  { provide: CLOCK, useValue: new ManualClock() },
  { provide: CACHE_REDIS, useValue: { status: 'end' } },
  { provide: TENANT_KEYS, useValue: {} },
  { provide: Env, useValue: Object.assign(new Env(), { OPCOVIA_EDITEUR: 'E', OPCOVIA_HUB_INSTANCE: 'here' }) },
  { provide: Upstreams, useValue: new Upstreams(new Map()) },
  { provide: UpstreamCallLog, useValue: { recordUpstreamCall: () => Promise.resolve() } },
  { provide: CacheHitLog, useValue: { count: () => undefined } },
  { provide: OpcoClientsRepository, useValue: {} },
  { provide: OpcoCredentialsRepository, useValue: {} },
  { provide: Database, useValue: {} },
  { provide: ReadinessDetails, useValue: new ReadinessDetails() },
  { provide: Metrics, useValue: new Metrics() },
  { provide: LOG, useValue: { warn: () => undefined } },
];

@Global()
@Module({ providers: surroundings, exports: surroundings.map((provider) => (provider as { provide: symbol }).provide) })
class Surroundings {}

describe('the wiring of the pipeline', () => {
  it('runs a question through all rooms, and knows the budget of every OPCO', async () => {
    const wiring = await Test.createTestingModule({ imports: [Surroundings, PipelineModule] })
      .overrideProvider(RedisForgetBus)
      .useValue({ listen: () => undefined, publish: () => Promise.resolve(), close: () => undefined })
      .compile();
    // The application's own hub leads once PostgreSQL says so, and there is none here.
    const clock = wiring.get<ManualClock>(CLOCK);
    const hub = new Hub({ clock, timers: clock, sizes: wiring.get(BudgetSizes), epoch: 1 });
    wiring.get(InstancePermits).connect((listener) => besideHub(hub, 'here', listener));
    const exchange = await wiring.get(PipelineRunner).run(aCall());
    expect(exchange.failure).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      details: { sent: 'not-sent', unavailable: 'unconfigured' },
    });
    const permits = wiring.get<Permits>(PERMITS);
    for (const { id, limits } of adapters) {
      const granted = Array.from(
        { length: limits.burst + 5 },
        () => permits.take(budgetKey(id, 'live'), 'interactive').granted,
      );
      expect(granted.filter(Boolean)).toHaveLength(limits.burst);
    }
    await wiring.close();
  });
});
