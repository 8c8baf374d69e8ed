import { type DynamicModule, Module } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { Readiness } from '../platform/health/readiness.js';
import { MetricsController } from './metrics.controller.js';
import { StaffHealthController } from './staff-health.controller.js';

/** What the staff listener borrows from the application beside which it runs. */
export interface StaffParts {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
}

/** The staff door: a second Nest application in the process, on a listener of its own, loopback unless told. */
@Module({})
export class AdminModule {
  static of({ metrics, readiness }: StaffParts): DynamicModule {
    return {
      module: AdminModule,
      controllers: [MetricsController, StaffHealthController],
      providers: [
        { provide: Metrics, useValue: metrics },
        { provide: Readiness, useValue: readiness },
      ],
    };
  }
}
