import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.js';
import { CLOCK } from '../platform/clock.token.js';
import { Env } from '../platform/config/env.js';
import { CACHE_REDIS } from '../platform/redis/redis.tokens.js';
import { RESPONSE_CACHE } from './cache.tokens.js';
import { RedisForgetBus } from './forget-bus.js';
import { MemoryResponseCache } from './memory-response-cache.js';
import { RedisResponseCache } from './redis-response-cache.js';
import { TENANT_KEYS, type TenantKeys } from '../platform/crypto/tenant-keys.js';
import { TieredResponseCache } from './tiered-response-cache.js';

/** The near tier: short enough that a lost notice does little harm, small enough for a small machine. */
const nearTier = (env: Env) => ({
  bytes: env.OPCOVIA_CACHE_MEMORY_MIB * 1024 * 1024,
  lifeMs: env.OPCOVIA_CACHE_MEMORY_SECONDS * 1000,
});

/** The response cache of the OPCO answers: near tier, Redis, notices. Needs `CACHE_REDIS`, `TENANT_KEYS` and `CLOCK`. */
@Module({
  providers: [
    { provide: RedisForgetBus, inject: [CACHE_REDIS], useFactory: (redis: Redis) => new RedisForgetBus(redis) },
    {
      provide: RESPONSE_CACHE,
      inject: [CACHE_REDIS, TENANT_KEYS, CLOCK, RedisForgetBus, Env],
      useFactory: (...[redis, keys, clock, bus, env]: [Redis, TenantKeys, Clock, RedisForgetBus, Env]) =>
        new TieredResponseCache(
          new MemoryResponseCache(clock, nearTier(env)),
          new RedisResponseCache(redis, keys, clock, env.OPCOVIA_CACHE_PATIENCE_MS),
          bus,
        ),
    },
  ],
  exports: [RESPONSE_CACHE],
})
export class CacheModule implements OnApplicationShutdown {
  constructor(@Inject(RedisForgetBus) private readonly bus: RedisForgetBus) {}

  onApplicationShutdown(): void {
    this.bus.close();
  }
}
