import { Module } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { PERMITS } from './hub.tokens.js';
import { LocalPermits } from './local-permits.js';
import { overrideProviders } from './overrides/override.providers.js';
import { OverridesInForce } from './overrides/overrides-in-force.js';
import { OverridesRepository } from './overrides/overrides.repository.js';

/** Permits to call the OPCOs. Needs `CLOCK`, the database and the metrics. */
@Module({
  providers: [
    { provide: LocalPermits, inject: [CLOCK], useFactory: (clock: Clock) => new LocalPermits(clock) },
    ...overrideProviders,
  ],
  exports: [PERMITS, LocalPermits, OverridesInForce, OverridesRepository],
})
export class HubModule {}
