import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { UpstreamCallLog } from '../audit/upstream-call-log.js';
import { HubProcess } from '../hub/leader/hub-process.js';
import { Database } from '../platform/database/database.js';
import { Readiness } from '../platform/health/readiness.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { AdminModule } from './admin.module.js';
import { watchFigures } from './watched-figures.js';

/** Builds the staff application beside the one for integrators; both look at the same metrics and the same readiness. */
export async function createAdmin(api: NestFastifyApplication): Promise<NestFastifyApplication> {
  watchFigures({ metrics: api.get(Metrics), database: api.get(Database), calls: api.get(UpstreamCallLog) });
  const parts = { metrics: api.get(Metrics), readiness: api.get(Readiness) };
  const adapter = new FastifyAdapter({ bodyLimit: 102_400 });
  api.get(HubProcess).door?.mount(adapter.getInstance());
  return NestFactory.create<NestFastifyApplication>(AdminModule.of(parts), adapter, {
    logger: false,
    abortOnError: false,
  });
}
