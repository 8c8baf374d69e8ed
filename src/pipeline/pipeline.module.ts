import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { CacheHitLog } from '../audit/cache-hit-log.js';
import { UpstreamCallLog } from '../audit/upstream-call-log.js';
import { CacheModule } from '../cache/cache.module.js';
import { RESPONSE_CACHE } from '../cache/cache.tokens.js';
import { AdaptersInForce } from '../core/adapters-in-force.js';
import type { Clock } from '../core/clock.js';
import { budgetKey } from '../core/keys.js';
import type { Permits } from '../core/permits.js';
import type { ResponseCache } from '../core/response-cache.js';
import type { Stage } from '../core/stage.js';
import { HubModule } from '../hub/hub.module.js';
import { PERMITS } from '../hub/hub.tokens.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { adapters } from '../opco/adapters.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { parseEnabledCapabilities } from '../platform/config/enabled-capabilities.js';
import { parseUpstreamLimits, type LimitOverride } from '../platform/config/upstream-limits.js';
import { LOG } from '../platform/logging/log.token.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ResolveAdapterStage, type OperatorEnables } from './01-resolve-adapter/resolve-adapter.stage.js';
import { ValidateRequestStage } from './02-validate-request/validate-request.stage.js';
import { ReadCacheStage } from './03-read-cache/read-cache.stage.js';
import { RateLimitStage } from './04-rate-limit/rate-limit.stage.js';
import { TransformRequestStage } from './05-transform-request/transform-request.stage.js';
import { OpcoHealth } from './06-call/opco-health.js';
import { Wire } from './06-call/wire.js';
import { TransformResponseStage } from './07-transform-response/transform-response.stage.js';
import { DriftWatch } from './08-validate-response/drift-watch.js';
import { ValidateResponseStage } from './08-validate-response/validate-response.stage.js';
import { WriteCacheStage } from './09-write-cache/write-cache.stage.js';
import { RecordStage } from './10-record/record.stage.js';
import { callProviders } from './call.providers.js';
import { FastLaneRunner } from './fast-lane.runner.js';
import { HttpExchanges } from './http-exchanges.js';
import { KeyTrust } from './key-trust.js';
import { OPERATOR_ENABLES, operatorEnables } from './operator-enables.js';
import { pipeline } from './pipeline.js';
import { PipelineRunner } from './pipeline.runner.js';
import { PipelineMeter } from './pipeline-meter.js';

const patience = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal });
type LaneStages = [ResolveAdapterStage, ValidateRequestStage, ReadCacheStage, RecordStage];

const stages = pipeline.map((room) => room.stage);

/** The one place, with `call.providers.ts`, where the rooms' ports meet what stands behind them. */
@Module({
  imports: [CacheModule, HubModule],
  providers: [
    {
      provide: OPERATOR_ENABLES,
      inject: [Env],
      useFactory: (env: Env) => operatorEnables(adapters, parseEnabledCapabilities(env)),
    },
    {
      provide: AdaptersInForce,
      inject: [OPERATOR_ENABLES],
      useFactory: (enables: OperatorEnables) => new AdaptersInForce(adapters, enables),
    },
    {
      provide: ResolveAdapterStage,
      inject: [AdaptersInForce, OPERATOR_ENABLES],
      useFactory: (inForce: AdaptersInForce, enables: OperatorEnables) =>
        new ResolveAdapterStage(inForce.list, enables),
    },
    ValidateRequestStage,
    {
      provide: ReadCacheStage,
      inject: [RESPONSE_CACHE, KeyTrust],
      useFactory: (cache: ResponseCache, keys: KeyTrust) => new ReadCacheStage(cache, keys),
    },
    {
      provide: RateLimitStage,
      inject: [PERMITS],
      useFactory: (permits: Permits) => new RateLimitStage(permits),
    },
    TransformRequestStage,
    ...callProviders,
    {
      provide: TransformResponseStage,
      inject: [RESPONSE_CACHE, KeyTrust],
      useFactory: (cache: ResponseCache, keys: KeyTrust) => new TransformResponseStage(cache, keys),
    },
    {
      provide: DriftWatch,
      inject: [CLOCK, Metrics, LOG],
      useFactory: (clock: Clock, { upstreamDrift }: Metrics, log: Logger) =>
        new DriftWatch(clock, {
          firstSeen: (opcoId, endpoint, { kind, path }) =>
            log.warn({ opcoId, endpoint, drift: kind, pointer: path }, 'upstream answer drifted'),
          counted: (opco, endpoint, kind) => upstreamDrift.inc({ opco, endpoint, kind }),
        }),
    },
    {
      provide: ValidateResponseStage,
      inject: [DriftWatch],
      useFactory: (drift: DriftWatch) => new ValidateResponseStage(drift),
    },
    {
      provide: WriteCacheStage,
      inject: [RESPONSE_CACHE],
      useFactory: (cache: ResponseCache) => new WriteCacheStage(cache, Math.random),
    },
    {
      provide: RecordStage,
      inject: [UpstreamCallLog, CacheHitLog, Metrics],
      useFactory: (audit: UpstreamCallLog, hits: CacheHitLog, metrics: Metrics) =>
        new RecordStage(audit, hits, new PipelineMeter(metrics)),
    },
    { provide: KeyTrust, inject: [CLOCK], useFactory: (clock: Clock) => new KeyTrust(clock, patience) },
    {
      provide: HttpExchanges,
      inject: [CLOCK, AdaptersInForce],
      useFactory: (clock: Clock, inForce: AdaptersInForce) => new HttpExchanges(clock, (id) => inForce.of(id)),
    },
    {
      provide: FastLaneRunner,
      inject: [HttpExchanges, ResolveAdapterStage, ValidateRequestStage, ReadCacheStage, RecordStage],
      useFactory: (exchanges: HttpExchanges, ...[resolveAdapter, validateRequest, readCache, record]: LaneStages) =>
        new FastLaneRunner(exchanges, { resolveAdapter, validateRequest, readCache, record }),
    },
    {
      provide: PipelineRunner,
      inject: [CLOCK, KeyTrust, ResolveAdapterStage, ...stages],
      useFactory: (clock: Clock, trust: KeyTrust, resolve: ResolveAdapterStage, ...list: Stage[]) => {
        const runner = new PipelineRunner(list, clock, resolve);
        trust.askThrough((call) => runner.run(call));
        return runner;
      },
    },
  ],
  exports: [
    ...stages,
    HttpExchanges,
    FastLaneRunner,
    PipelineRunner,
    OpcoHealth,
    DriftWatch,
    OPERATOR_ENABLES,
    AdaptersInForce,
    CacheModule,
    HubModule,
  ],
})
export class PipelineModule implements OnApplicationShutdown {
  constructor(
    @Inject(Wire) private readonly wire: Wire,
    @Inject(InstancePermits) permits: InstancePermits,
    @Inject(Env) env: Env,
    @Inject(Metrics) metrics: Metrics,
  ) {
    const environments = ['test', 'live'] as const;
    metrics.watch('opcovia_upstream_budget_rate', 'Calls a second that an OPCO is believed to bear, as learnt.', () =>
      adapters.flatMap(({ id }) =>
        environments.map((environment) => ({
          labels: { kind: id, name: environment },
          value: permits.look(budgetKey(id, environment)).rate,
        })),
      ),
    );
    const overrides = parseUpstreamLimits(env);
    for (const { id, limits: believed } of adapters) {
      const limits: LimitOverride = overrides.get(id) ?? believed;
      const { callsPerSecond: rate, burst, ceiling = rate } = limits;
      for (const environment of environments) permits.declare(budgetKey(id, environment), { rate, burst, ceiling });
    }
  }

  /** Last of all: a deposit under way is finished over these connections. */
  async onApplicationShutdown(): Promise<void> {
    await this.wire.close();
  }
}
