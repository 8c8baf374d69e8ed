import { randomUUID } from 'node:crypto';
import {
  type BeforeApplicationShutdown,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type Provider,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Clock } from '../../core/clock.js';
import { CLOCK } from '../../platform/clock.token.js';
import { Env } from '../../platform/config/env.js';
import { QUEUE_REDIS } from '../../platform/redis/redis.tokens.js';
import { InboundLimits } from './inbound-limits.js';
import { SharedBuckets } from './shared-buckets.js';

const giveBackEveryMs = 1000;

// The queue's Redis, since it never evicts: a bucket that is pushed out would be full again.
const limits: Provider = {
  provide: InboundLimits,
  inject: [QUEUE_REDIS, CLOCK, Env],
  useFactory: (redis: Redis, clock: Clock, env: Env) => {
    const quota = { tenant: env.OPCOVIA_TENANT_REQUESTS_PER_MINUTE, key: env.OPCOVIA_KEY_REQUESTS_PER_MINUTE };
    return new InboundLimits(new SharedBuckets(redis, randomUUID(), quota), clock);
  },
};

/** How often a CFA may ask us. Apart from the budgets of the OPCOs: whoever reads from the cache draws on this one alone. */
@Module({ providers: [limits], exports: [InboundLimits] })
export class InboundModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #round: NodeJS.Timeout | undefined;

  constructor(@Inject(InboundLimits) private readonly limits: InboundLimits) {}

  onApplicationBootstrap(): void {
    this.#round = setInterval(() => void this.limits.giveBack(), giveBackEveryMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#round);
    await this.limits.giveBack({ all: true });
  }
}
