import type { EndpointName } from '../../core/endpoint.js';
import type { ErrorCode } from '../../core/errors.js';
import type { Exchange, Reply, TrafficClass } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';
import type { UpstreamCallEntry } from '../../core/upstream-call.js';
import type { TenantHash } from '../../core/tenant.js';

/** Where upstream calls are written down. Resolves even when the row has to wait; what is lost, it counts itself. */
export interface UpstreamAudit {
  recordUpstreamCall(entry: UpstreamCallEntry): Promise<void>;
}

/** Where answers out of the cache are counted; no I/O on the way of the answer. */
export interface CacheHits {
  count(tenant: TenantHash, opcoId: string, path: string): void;
}

/** One exchange, as bounded values fit for labels. */
export interface ObservedExchange {
  /** One of the eleven, or `unknown`: what a caller wrote is no label. */
  readonly opcoId: string;
  readonly endpoint: EndpointName;
  readonly traffic: TrafficClass;
  readonly outcome: 'ok' | ErrorCode;
  readonly cache: Reply['cacheStatus'] | 'none';
  readonly upstreamCalls: number;
  /** Stage name and milliseconds, in the order they ran. */
  readonly stages: readonly (readonly [string, number])[];
}

/** Where exchanges are counted. */
export interface PipelineMetrics {
  observe(exchange: ObservedExchange): void;
}

/**
 * Writes down what happened, whatever happened: metrics for every exchange, an audit row for those that went upstream, a count for
 * those that the cache answered. Settles nothing: should the row fail, the exchange has long ended, and its answer goes out.
 */
export class RecordStage implements Stage {
  readonly name = 'record';
  readonly reads = [] as const;
  readonly writes = [] as const;
  readonly always = true;

  constructor(
    private readonly audit: UpstreamAudit,
    private readonly hits: CacheHits,
    private readonly metrics: PipelineMetrics,
  ) {}

  run(exchange: Exchange): void | Promise<void> {
    this.metrics.observe(observed(exchange));
    if (exchange.upstreamCalls > 0) return this.audit.recordUpstreamCall(entryOf(exchange));
    const { tenant, opcoId } = exchange.call;
    const endpoint = exchange.peek('endpoint');
    const how = exchange.peek('reply')?.cacheStatus;
    // What waited along for another one's call was no hit.
    if (endpoint && (how === 'hit' || how === 'stale')) this.hits.count(tenant.hash, opcoId, endpoint.path);
  }
}

function observed(exchange: Exchange): ObservedExchange {
  const { endpoint, traffic } = exchange.call;
  return {
    opcoId: exchange.peek('adapter')?.id ?? 'unknown',
    endpoint,
    traffic,
    outcome: exchange.failure?.code ?? 'ok',
    cache: exchange.peek('reply')?.cacheStatus ?? 'none',
    upstreamCalls: exchange.upstreamCalls,
    stages: exchange.timings,
  };
}

function entryOf(exchange: Exchange): UpstreamCallEntry {
  const { requestId, tenant, opcoId, endpoint, traffic, source } = exchange.call;
  const failure = exchange.failure ?? exchange.rescuedFrom;
  const status = exchange.peek('response')?.status ?? failure?.details.upstream?.status;
  return {
    requestId,
    tenant: tenant.hash,
    keyId: tenant.keyId,
    opcoId,
    endpoint,
    path: exchange.peek('endpoint')?.path ?? '',
    traffic,
    upstreamCalls: exchange.upstreamCalls,
    askedAt: exchange.askedAt ?? exchange.clock.now(),
    ...(status === undefined ? {} : { upstreamStatus: status }),
    ...(source !== undefined && { source }),
    ...(failure && { failure: failure.code }),
  };
}
