import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { Database } from '../platform/database/database.js';
import { LOG } from '../platform/logging/log.token.js';
import { BudgetSizes } from './central/sizes.js';
import { PERMITS } from './hub.tokens.js';
import { InstancePermits } from './instance/instance-permits.js';
import { HubProcess, nameAtHub } from './leader/hub-process.js';
import { leaseTimesOf } from './leases/lease-book.js';
import { overrideProviders } from './overrides/override.providers.js';
import { OverridesInForce } from './overrides/overrides-in-force.js';
import { OverridesRepository } from './overrides/overrides.repository.js';
import { TellReadiness } from './tell-readiness.js';
import { systemTimers } from './timers.js';

const NAME_AT_HUB = Symbol('NAME_AT_HUB');

/** Permits to call the OPCOs, of the hub that leads, in this process or elsewhere, under what staff has said. Needs `CLOCK`, database, log and metrics. */
@Module({
  providers: [
    BudgetSizes,
    { provide: NAME_AT_HUB, inject: [Env], useFactory: nameAtHub },
    {
      provide: InstancePermits,
      inject: [CLOCK, BudgetSizes, Env, NAME_AT_HUB],
      useFactory: (clock: Clock, sizes: BudgetSizes, env: Env, name: string) => {
        const times = leaseTimesOf(env.OPCOVIA_HUB_LEASE_SECONDS);
        return new InstancePermits({ clock, timers: systemTimers, sizes, name, times });
      },
    },
    {
      provide: HubProcess,
      inject: [Env, CLOCK, BudgetSizes, InstancePermits, Database, LOG, NAME_AT_HUB],
      useFactory: (...[env, clock, sizes, permits, database, log, name]: HubProcessParts) =>
        new HubProcess({ env, clock, timers: systemTimers, sizes, permits, database, log }, name),
    },
    ...overrideProviders,
    TellReadiness,
  ],
  exports: [PERMITS, InstancePermits, BudgetSizes, HubProcess, OverridesInForce, OverridesRepository],
})
export class HubModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(HubProcess) private readonly process: HubProcess) {}

  onApplicationBootstrap(): Promise<void> {
    return this.process.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.process.stop();
  }
}

type HubProcessParts = [Env, Clock, BudgetSizes, InstancePermits, Database, Logger, string];
