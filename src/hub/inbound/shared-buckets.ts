import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { inboundKey } from '../../core/keys.js';
import type { TenantHash } from '../../core/tenant.js';
import type { InboundQuota } from './inbound.js';
import { takePermitsScript } from './take-permits-script.js';

/** One question of an instance about one key of one tenant; every number counts permits. */
export interface PermitOrder {
  /** Held from before, and kept. */
  readonly kept: number;
  /** Held from before, too old to be spent, given back. */
  readonly back: number;
  /** Spent at once when granted. */
  readonly wanted: number;
  /** Whether to add some for the requests to come. */
  readonly ahead: boolean;
  /** Requests let in while Redis was away, that it does not know of. */
  readonly owed: { readonly tenant: number; readonly key: number };
}

/** What Redis granted, and how far both buckets are drawn after it, in `requestUnits`. */
export interface PermitGrant {
  readonly granted: number;
  readonly debts: { readonly tenant: number; readonly key: number };
}

const scriptId = hash('sha1', takePermitsScript);

/** The buckets that all instances share, in Redis: both limits of a request are decided in one step. */
export class SharedBuckets {
  /** `instance` names this process among all; never reused by another. */
  constructor(
    private readonly redis: Redis,
    private readonly instance: string,
    readonly quota: InboundQuota,
  ) {}

  /** Whether a command would be sent at all. */
  get reachable(): boolean {
    return this.redis.status === 'ready';
  }

  /** Rejects while Redis is away or answers with an error; may take as long as the connection's own time limit. */
  async take(tenant: TenantHash, keyId: string, order: PermitOrder): Promise<PermitGrant> {
    const { kept, back, wanted, ahead, owed } = order;
    const numbers = [kept, back, wanted, ahead ? 1 : 0, owed.tenant, owed.key];
    const words = [inboundKey(tenant), this.quota.tenant, this.quota.key, keyId, this.instance, ...numbers];
    const [granted = 0, ofTenant = 0, ofKey = 0] = (await this.#run(words)) as number[];
    return { granted, debts: { tenant: ofTenant, key: ofKey } };
  }

  async #run(words: (string | number)[]): Promise<unknown> {
    try {
      return await this.redis.evalsha(scriptId, 1, ...words);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return this.redis.eval(takePermitsScript, 1, ...words);
    }
  }
}
