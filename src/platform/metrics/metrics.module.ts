import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** One registry a process. */
@Global()
@Module({
  providers: [{ provide: Metrics, useFactory: () => new Metrics() }],
  exports: [Metrics],
})
export class MetricsModule {}
