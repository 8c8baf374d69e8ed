import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import { BudgetSizes } from '../hub/central/sizes.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { OverridesInForce } from '../hub/overrides/overrides-in-force.js';
import { OverridesRepository } from '../hub/overrides/overrides.repository.js';
import { CLOCK } from '../platform/clock.token.js';
import { Database } from '../platform/database/database.js';
import { Readiness } from '../platform/health/readiness.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { StaffParts } from './admin.module.js';

/** What the staff listener borrows from the application for integrators. */
export function staffPartsOf(api: NestFastifyApplication): StaffParts {
  return {
    metrics: api.get(Metrics),
    readiness: api.get(Readiness),
    limits: {
      permits: api.get(InstancePermits),
      sizes: api.get(BudgetSizes),
      overrides: api.get(OverridesInForce),
      table: api.get(OverridesRepository),
      database: api.get(Database),
      audit: api.get(AuditTrail),
      clock: api.get<Clock>(CLOCK),
    },
  };
}
