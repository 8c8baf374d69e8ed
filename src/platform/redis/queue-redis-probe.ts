import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { QUEUE_REDIS } from './redis.tokens.js';

/** Asks the queue's Redis how it would treat memory pressure. */
@Injectable()
export class QueueRedisProbe {
  constructor(@Inject(QUEUE_REDIS) private readonly redis: Redis) {}

  /** The `maxmemory-policy`; must be `noeviction`, or jobs vanish without a word. Rejects while Redis is away. */
  async evictionPolicy(): Promise<string> {
    const [, policy = ''] = (await this.redis.config('GET', 'maxmemory-policy')) as [string, string?];
    return policy;
  }
}
