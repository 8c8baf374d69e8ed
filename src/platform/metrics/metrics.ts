import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/** One value of a figure that is read on demand; labels are bounded words. */
export interface Figure {
  readonly labels: { readonly kind: string; readonly name: string };
  readonly value: number;
}

/**
 * The process's Prometheus metrics, in base units. Labels are bounded words (route pattern, OPCO, class of result): never a
 * tenant, a key, a number or a path with values in it.
 */
export class Metrics {
  readonly registry = new Registry();

  readonly requestDuration = new Histogram({
    name: 'opcovia_http_request_duration_seconds',
    help: 'Time to answer an integrator, by route pattern and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: seconds,
    registers: [this.registry],
  });

  readonly inboundRefusals = new Counter({
    name: 'opcovia_inbound_refusals_total',
    help: 'Requests refused with 429 at the door, by the limit that was exhausted: tenant or key.',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  readonly backlogRefusals = new Counter({
    name: 'opcovia_backlog_refusals_total',
    help: 'Deposits refused with 503 because too many wait, by the bound that was reached: tenant or total.',
    labelNames: ['by'],
    registers: [this.registry],
  });

  readonly upstreamDuration = new Histogram({
    name: 'opcovia_upstream_exchange_duration_seconds',
    help: 'Time of an exchange that went to an OPCO, by OPCO, endpoint and result.',
    labelNames: ['opco', 'endpoint', 'result'],
    buckets: seconds,
    registers: [this.registry],
  });

  readonly shadowRefusals = new Counter({
    name: 'opcovia_shadow_refusals_total',
    help: 'Calls that the budget of an OPCO would have held back, had it not been in shadow mode.',
    labelNames: ['opco', 'environment', 'traffic'],
    registers: [this.registry],
  });

  readonly cacheReads = new Counter({
    name: 'opcovia_cache_reads_total',
    help: 'Reads by how the cache took part.',
    labelNames: ['opco', 'endpoint', 'cache'],
    registers: [this.registry],
  });

  readonly upstreamDrift = new Counter({
    name: 'opcovia_upstream_drift_total',
    help: 'Answers of OPCOs that differ from the contract, by OPCO, endpoint and kind of difference.',
    labelNames: ['opco', 'endpoint', 'kind'],
    registers: [this.registry],
  });

  readonly jobs = new Counter({
    name: 'opcovia_jobs_settled_total',
    help: 'Attempts of deposits by what came of them.',
    labelNames: ['opco', 'type', 'result'],
    registers: [this.registry],
  });

  readonly workerRestarts = new Counter({
    name: 'opcovia_worker_restarts_total',
    help: 'Workers of the queue that did nothing while deliveries waited, and were restarted, by OPCO.',
    labelNames: ['opco'],
    registers: [this.registry],
  });

  readonly purged = new Counter({
    name: 'opcovia_purged_total',
    help: 'What was removed because it had been kept long enough, by kind.',
    labelNames: ['kind'],
    registers: [this.registry],
  });

  readonly webhookAttempts = new Counter({
    name: 'opcovia_webhook_attempts_total',
    help: 'Webhook attempts by result.',
    labelNames: ['result'],
    registers: [this.registry],
  });

  readonly webhookDeliveries = new Counter({
    name: 'opcovia_webhook_deliveries_total',
    help: 'Webhook deliveries that came to their end, by result: delivered or failed.',
    labelNames: ['result'],
    registers: [this.registry],
  });

  readonly polls = new Counter({
    name: 'opcovia_polls_total',
    help: 'Polls of one tenant at one OPCO by result.',
    labelNames: ['opco', 'result'],
    registers: [this.registry],
  });

  readonly syncDossiers = new Counter({
    name: 'opcovia_sync_dossiers_total',
    help: 'Dossiers that bulk synchronisations have settled, by OPCO and by what came of them.',
    labelNames: ['opco', 'result'],
    registers: [this.registry],
  });

  /** Adds the process's own figures: CPU, memory, event loop, garbage collection. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'opcovia_' });
    // Gauges that the library names like counters, which Prometheus' own checker refuses.
    for (const what of ['handles', 'requests', 'resources']) {
      this.registry.removeSingleMetric(`opcovia_nodejs_active_${what}_total`);
    }
  }

  /** A figure that is read when somebody asks for the metrics. */
  watch(name: string, help: string, read: () => readonly Figure[] | Promise<readonly Figure[]>): void {
    new Gauge({
      name,
      help,
      labelNames: ['kind', 'name'],
      registers: [this.registry],
      async collect() {
        this.reset();
        // A source that is away must not take the other figures with it.
        const figures = await Promise.resolve()
          .then(read)
          .catch(() => []);
        for (const { labels, value } of figures) this.set(labels, value);
      },
    });
  }
}
