import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { CACHE_REDIS } from '../platform/redis/redis.tokens.js';
import { RESPONSE_CACHE } from './cache.tokens.js';
import { RedisForgetBus } from './forget-bus.js';
import { MemoryResponseCache } from './memory-response-cache.js';
import { RedisResponseCache } from './redis-response-cache.js';
import { TENANT_KEYS, type TenantKeys } from '../platform/crypto/tenant-keys.js';
import { TieredResponseCache } from './tiered-response-cache.js';

/** The near tier: short enough that a lost notice does little harm, small enough for a small machine. */
const nearTier = { bytes: 64 * 1024 * 1024, lifeMs: 5000 };

/** The response cache of the OPCO answers: near tier, Redis, notices. Needs `CACHE_REDIS`, `TENANT_KEYS` and `CLOCK`. */
@Module({
  providers: [
    { provide: RedisForgetBus, inject: [CACHE_REDIS], useFactory: (redis: Redis) => new RedisForgetBus(redis) },
    {
      provide: RESPONSE_CACHE,
      inject: [CACHE_REDIS, TENANT_KEYS, CLOCK, RedisForgetBus],
      useFactory: (redis: Redis, keys: TenantKeys, clock: Clock, bus: RedisForgetBus) =>
        new TieredResponseCache(
          new MemoryResponseCache(clock, nearTier),
          new RedisResponseCache(redis, keys, clock),
          bus,
        ),
    },
  ],
  exports: [RESPONSE_CACHE],
})
export class CacheModule implements OnModuleDestroy {
  constructor(@Inject(RedisForgetBus) private readonly bus: RedisForgetBus) {}

  onModuleDestroy(): void {
    this.bus.close();
  }
}
