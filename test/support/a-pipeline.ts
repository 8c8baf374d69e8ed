import type { UpstreamCallEntry } from '../../src/core/upstream-call.js';
import type { Clock } from '../../src/core/clock.js';
import { budgetKey } from '../../src/core/keys.js';
import type { UpstreamResponse, OpcoAdapter } from '../../src/core/endpoint.js';
import type { Stage } from '../../src/core/stage.js';
import { MemoryResponseCache } from '../../src/cache/memory-response-cache.js';
import type { BudgetSizes } from '../../src/hub/central/sizes.js';
import type { InstancePermits } from '../../src/hub/instance/instance-permits.js';
import { ResolveAdapterStage } from '../../src/pipeline/01-resolve-adapter/resolve-adapter.stage.js';
import { ValidateRequestStage } from '../../src/pipeline/02-validate-request/validate-request.stage.js';
import { ReadCacheStage } from '../../src/pipeline/03-read-cache/read-cache.stage.js';
import { RateLimitStage } from '../../src/pipeline/04-rate-limit/rate-limit.stage.js';
import { TransformRequestStage } from '../../src/pipeline/05-transform-request/transform-request.stage.js';
import { CallStage, type CallParts } from '../../src/pipeline/06-call/call.stage.js';
import type { Order } from '../../src/pipeline/06-call/opco-client.js';
import { OpcoHealth } from '../../src/pipeline/06-call/opco-health.js';
import { TransformResponseStage } from '../../src/pipeline/07-transform-response/transform-response.stage.js';
import { ValidateResponseStage } from '../../src/pipeline/08-validate-response/validate-response.stage.js';
import { WriteCacheStage } from '../../src/pipeline/09-write-cache/write-cache.stage.js';
import { RecordStage, type ObservedExchange } from '../../src/pipeline/10-record/record.stage.js';
import { KeyTrust } from '../../src/pipeline/key-trust.js';
import { PipelineRunner } from '../../src/pipeline/pipeline.runner.js';
import { permitsBesideHub } from './a-hub.js';
import { anAdapter } from './an-exchange.js';

/** An OPCO that a spec plays: it gets each order after its announcement and answers or throws. */
export type PlayedOpco = (order: Order) => Promise<UpstreamResponse>;

/** The ten real stages over ports in memory, and what a spec looks at afterwards. */
export interface PipelineRig {
  readonly stages: readonly Stage[];
  readonly runner: PipelineRunner;
  readonly cache: MemoryResponseCache;
  readonly health: OpcoHealth;
  readonly permits: InstancePermits;
  readonly sizes: BudgetSizes;
  readonly rows: UpstreamCallEntry[];
  readonly observed: ObservedExchange[];
}

const aDossier: PlayedOpco = () =>
  Promise.resolve({ status: 200, headers: {}, body: { numeroInterne: 'N-1', etat: 'ENGAGE' } });

/** Builds the pipeline for a spec; retries do not wait. */
export function aPipeline(clock: Clock, play: PlayedOpco = aDossier, adapter: OpcoAdapter = anAdapter()): PipelineRig {
  const cache = new MemoryResponseCache(clock, { bytes: 1_000_000 });
  const { permits, sizes } = permitsBesideHub(clock);
  sizes.declare(budgetKey(adapter.id, 'test'), { rate: 100, burst: 100 });
  const health = new OpcoHealth(clock);
  const rows: UpstreamCallEntry[] = [];
  const observed: ObservedExchange[] = [];
  const wait = () => Promise.resolve();
  const client: CallParts['client'] = { send: (order) => order.beforeSend(0).then(() => play(order)) };
  const upstream = {
    environment: 'test' as const,
    baseUrl: new URL('http://127.0.0.1:1'),
    tokenUrl: new URL('http://127.0.0.1:1/token'),
  };
  const upstreams = {
    locate: (_opcoId: string, environment: string) => (environment === 'test' ? upstream : undefined),
  };
  const record = new RecordStage(
    { recordUpstreamCall: (row) => Promise.resolve(void rows.push(row)) },
    { count: () => undefined },
    { observe: (exchange) => observed.push(exchange) },
  );
  const trust = new KeyTrust(clock, () => new Promise(() => undefined));
  const resolve = new ResolveAdapterStage([adapter]);
  const stages: Stage[] = [
    resolve,
    new ValidateRequestStage(),
    new ReadCacheStage(cache, trust),
    new RateLimitStage(permits),
    new TransformRequestStage(),
    new CallStage({ client, upstreams, health, permits, wait, probes: record, random: () => 0.5 }),
    new TransformResponseStage(cache, trust),
    new ValidateResponseStage({ note: () => undefined }),
    new WriteCacheStage(cache, () => 0.5),
    record,
  ];
  return { stages, runner: new PipelineRunner(stages, clock, resolve), cache, health, permits, sizes, rows, observed };
}
