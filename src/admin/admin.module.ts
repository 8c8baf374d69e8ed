import { type DynamicModule, Module } from '@nestjs/common';
import type { HubSources } from '../hub/hub-figures.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Readiness } from '../platform/health/readiness.js';
import { ChangeOverride, type ChangeParts } from './limits/change-override.js';
import { LimitsController } from './limits/limits.controller.js';
import { LIMIT_SOURCES } from './limits/limits.token.js';
import type { LimitSources } from './limits/limits-view.js';
import { DocumentController } from './document.controller.js';
import { MetricsController } from './metrics.controller.js';
import { StaffHealthController } from './staff-health.controller.js';

/** What the staff listener borrows from the application beside which it runs. */
export interface StaffParts {
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly limits: LimitSources & ChangeParts & HubSources;
}

/** The staff door: a second Nest application in the process, on a listener of its own, loopback unless told. */
@Module({})
export class AdminModule {
  static of({ metrics, readiness, limits }: StaffParts): DynamicModule {
    return {
      module: AdminModule,
      controllers: [MetricsController, StaffHealthController, LimitsController, DocumentController],
      providers: [
        { provide: Metrics, useValue: metrics },
        { provide: Readiness, useValue: readiness },
        { provide: LIMIT_SOURCES, useValue: limits },
        { provide: ChangeOverride, useValue: new ChangeOverride(limits) },
      ],
    };
  }
}
