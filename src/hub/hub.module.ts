import { randomUUID } from 'node:crypto';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { besideHub } from './central/beside.js';
import { Hub } from './central/hub.js';
import { BudgetSizes } from './central/sizes.js';
import { PERMITS } from './hub.tokens.js';
import { InstancePermits } from './instance/instance-permits.js';
import { overrideProviders } from './overrides/override.providers.js';
import { OverridesInForce } from './overrides/overrides-in-force.js';
import { OverridesRepository } from './overrides/overrides.repository.js';
import { TellReadiness } from './tell-readiness.js';
import { systemTimers } from './timers.js';

/** Permits to call the OPCOs, of a hub that lives in this process, under what staff has said. Needs `CLOCK`, database, metrics. */
@Module({
  providers: [
    BudgetSizes,
    {
      provide: Hub,
      inject: [CLOCK, BudgetSizes],
      useFactory: (clock: Clock, sizes: BudgetSizes) => new Hub({ clock, timers: systemTimers, sizes, epoch: 1 }),
    },
    {
      provide: InstancePermits,
      inject: [CLOCK, BudgetSizes, Hub],
      useFactory: (clock: Clock, sizes: BudgetSizes, hub: Hub) => {
        const name = randomUUID();
        const permits = new InstancePermits({ clock, timers: systemTimers, sizes, name });
        permits.connect((listener) => besideHub(hub, name, listener));
        return permits;
      },
    },
    ...overrideProviders,
    TellReadiness,
  ],
  exports: [PERMITS, InstancePermits, BudgetSizes, Hub, OverridesInForce, OverridesRepository],
})
export class HubModule implements OnApplicationShutdown {
  constructor(
    @Inject(InstancePermits) private readonly permits: InstancePermits,
    @Inject(Hub) private readonly hub: Hub,
  ) {}

  onApplicationShutdown(): void {
    this.permits.close();
    this.hub.close('STOPPED');
  }
}
