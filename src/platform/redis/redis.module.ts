import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Env } from '../config/env.js';
import { QueueRedisProbe } from './queue-redis-probe.js';
import { CACHE_REDIS, QUEUE_REDIS } from './redis.tokens.js';

/** A connection that answers or fails quickly: commands sent while Redis is away are refused, not kept. */
function failFast(url: string, commandTimeoutMs: number): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
  });
  // Without a listener ioredis prints every failed reconnection; readiness and metrics tell of it instead.
  redis.on('error', () => undefined);
  return redis;
}

/** Redis for the whole application: one connection for the cache, one for adding to the queue. */
@Global()
@Module({
  providers: [
    {
      provide: CACHE_REDIS,
      inject: [Env],
      useFactory: (env: Env) =>
        failFast(env.CACHE_REDIS_URL ?? env.REDIS_URL ?? '', 10 * env.OPCOVIA_CACHE_PATIENCE_MS),
    },
    { provide: QUEUE_REDIS, inject: [Env], useFactory: (env: Env) => failFast(env.REDIS_URL ?? '', 1500) },
    QueueRedisProbe,
  ],
  exports: [CACHE_REDIS, QUEUE_REDIS, QueueRedisProbe],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(
    @Inject(CACHE_REDIS) private readonly cache: Redis,
    @Inject(QUEUE_REDIS) private readonly queue: Redis,
  ) {}

  onApplicationShutdown(): void {
    this.cache.disconnect();
    this.queue.disconnect();
  }
}
