import type { Metrics } from '../platform/metrics/metrics.js';
import type { ObservedExchange, PipelineMetrics } from './10-record/record.stage.js';

/** Puts what room 10 observes into the process's metrics. */
export class PipelineMeter implements PipelineMetrics {
  constructor(private readonly metrics: Pick<Metrics, 'upstreamDuration' | 'cacheReads'>) {}

  observe({ opcoId, endpoint, outcome, cache, upstreamCalls, stages }: ObservedExchange): void {
    const labels = { opco: opcoId, endpoint };
    if (cache !== 'none') this.metrics.cacheReads.inc({ ...labels, cache });
    if (upstreamCalls === 0) return;
    const ms = stages.reduce((sum, [, stage]) => sum + stage, 0);
    this.metrics.upstreamDuration.observe({ ...labels, result: outcome }, ms / 1000);
  }
}
