import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit, type Provider } from '@nestjs/common';
import type { Clock } from '../../core/clock.js';
import { budgetParts } from '../../core/keys.js';
import { CLOCK } from '../../platform/clock.token.js';
import { Env } from '../../platform/config/env.js';
import { Database } from '../../platform/database/database.js';
import { Metrics } from '../../platform/metrics/metrics.js';
import { PERMITS } from '../hub.tokens.js';
import { BudgetSizes } from '../central/sizes.js';
import { InstancePermits } from '../instance/instance-permits.js';
import { OverriddenPermits } from './overridden-permits.js';
import { OverrideNews } from './override-news.js';
import { OverridesInForce } from './overrides-in-force.js';
import { OverridesRepository } from './overrides.repository.js';

/** Hears what staff says of the budgets as long as the process lives. */
@Injectable()
export class HearOverrides implements OnModuleInit, OnApplicationShutdown {
  readonly #news: OverrideNews;

  constructor(
    @Inject(OverridesInForce) overrides: OverridesInForce,
    @Inject(CLOCK) clock: Clock,
    @Inject(Env) env: Env,
  ) {
    this.#news = new OverrideNews(overrides, clock, env.DATABASE_APP_URL ?? env.DATABASE_URL ?? '');
  }

  onModuleInit(): Promise<void> {
    return this.#news.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#news.stop();
  }
}

/** The permits as all see them: those of whoever holds the budgets, under what staff has said. */
export const overrideProviders: Provider[] = [
  HearOverrides,
  {
    provide: OverridesRepository,
    inject: [Database],
    useFactory: (database: Database) => new OverridesRepository(database),
  },
  {
    provide: OverridesInForce,
    inject: [OverridesRepository, BudgetSizes, CLOCK],
    useFactory: (overrides: OverridesRepository, sizes: BudgetSizes, clock: Clock) =>
      new OverridesInForce(() => overrides.running(), sizes, clock),
  },
  {
    provide: PERMITS,
    inject: [InstancePermits, OverridesInForce, Metrics],
    useFactory: (permits: InstancePermits, overrides: OverridesInForce, { shadowRefusals }: Metrics) =>
      new OverriddenPermits({
        ...{ permits, overrides },
        shadowed: (budget, traffic) => shadowRefusals.inc({ ...budgetParts(budget), traffic }),
      }),
  },
];
