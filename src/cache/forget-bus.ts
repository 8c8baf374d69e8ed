import { Redis } from 'ioredis';
import { cacheForgetChannel } from '../core/keys.js';
import { readTenantHash, type TenantHash } from '../core/tenant.js';

/** What instances tell each other when answers are forgotten. */
export interface ForgetNotice {
  readonly opcoId: string;
  readonly tenant: TenantHash;
  readonly entities: readonly string[];
}

/** Carries notices to all instances; delivers nothing while it is down, and says when that may have happened. */
export interface ForgetBus {
  publish(notice: ForgetNotice): Promise<void>;
  listen(listener: { forgotten(notice: ForgetNotice): void; missedSome(): void }): void;
}

/** Notices by pub/sub. The subscription has a connection of its own, as Redis demands. */
export class RedisForgetBus implements ForgetBus {
  readonly #subscription: Redis;

  constructor(private readonly redis: Redis) {
    // Unlike the commands, the subscription must outlast a Redis that is away: it waits for it instead of failing fast.
    const { commandTimeout: _, ...options } = redis.options;
    this.#subscription = new Redis({
      ...options,
      lazyConnect: false,
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
    });
    // Losing it is survived (`missedSome`); without a listener the process would not.
    this.#subscription.on('error', () => undefined);
  }

  async publish(notice: ForgetNotice): Promise<void> {
    if (this.redis.status !== 'ready') return;
    await this.redis.publish(cacheForgetChannel, JSON.stringify(notice)).catch(() => undefined);
  }

  listen(listener: { forgotten(notice: ForgetNotice): void; missedSome(): void }): void {
    this.#subscription.on('close', () => listener.missedSome());
    this.#subscription.on('message', (_channel, text) => {
      try {
        listener.forgotten(readNotice(text));
      } catch {
        listener.missedSome();
      }
    });
    // Renewed by ioredis after each reconnection.
    void this.#subscription.subscribe(cacheForgetChannel).then(
      () => listener.missedSome(),
      () => listener.missedSome(),
    );
  }

  close(): void {
    this.#subscription.disconnect();
  }
}

function readNotice(text: string): ForgetNotice {
  const { opcoId, tenant, entities } = JSON.parse(text) as { opcoId: string; tenant: string; entities: string[] };
  return { opcoId, tenant: readTenantHash(tenant), entities };
}
