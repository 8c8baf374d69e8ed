import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import type { Tenant, TenantHash } from '../../core/tenant.js';
import type { InboundDecision, InboundQuota } from './inbound.js';
import { KeyShare, LimitView } from './key-share.js';
import type { SharedBuckets } from './shared-buckets.js';

/** Milliseconds for which Redis is left alone after it did not answer. */
const leaveAloneMs = 1000;

/**
 * How many requests a CFA, and each of its keys, may make a minute, over all instances.
 *
 *     permit held ───────────────▶ let in, no round trip       (few left: more ordered in the background)
 *     none held ──ask Redis──────▶ let in or refused
 *                  └─ 50 ms, error ▶ decided here, by the same limits; Redis left alone for 1 s, then told
 */
export class InboundLimits {
  readonly #tenants = new LRUCache<TenantHash, LimitView>({ max: 50_000 });
  readonly #keys = new LRUCache<string, KeyShare>({ max: 50_000 });
  readonly #holding = new Set<KeyShare>();
  readonly #orders = new Map<KeyShare, Promise<boolean>>();
  #aloneUntil = -Infinity;

  /** `patienceMs`: how long a request waits for Redis before it is decided here. */
  constructor(
    private readonly buckets: SharedBuckets,
    private readonly clock: Clock,
    private readonly patienceMs = 50,
  ) {}

  /** Requests a minute, by limit. */
  get quota(): InboundQuota {
    return this.buckets.quota;
  }

  /** Counts one request of an admitted tenant. A promise only when Redis must be asked; it never rejects and settles in time. */
  decide({ hash, keyId }: Tenant): InboundDecision | Promise<InboundDecision> {
    const share = this.#shareOf(hash, keyId);
    const now = this.clock.elapsed();
    const decision = share.spend(now);
    if (decision) {
      if (share.low(now) && this.#mayAsk(now)) void this.#order(share, { ahead: true });
      return decision;
    }
    return this.#mayAsk(now) ? this.#ask(share) : share.spendAlone(now);
  }

  /** Gives back the permits that have grown old here; with `all`, every one. Once a second, and before the process ends. */
  async giveBack({ all = false } = {}): Promise<void> {
    const now = this.clock.elapsed();
    const giving = [...this.#holding].filter((share) => all || share.stale(now));
    if (this.#mayAsk(now)) await Promise.all(giving.map((share) => this.#order(share, { ahead: false, all })));
  }

  #shareOf(hash: TenantHash, keyId: string): KeyShare {
    const known = this.#keys.get(keyId);
    if (known) return known;
    const tenant = this.#tenants.get(hash) ?? new LimitView(this.quota.tenant);
    const share = new KeyShare(hash, keyId, tenant, this.quota.key);
    this.#tenants.set(hash, tenant);
    this.#keys.set(keyId, share);
    return share;
  }

  #mayAsk(now: number): boolean {
    return this.buckets.reachable && now >= this.#aloneUntil;
  }

  async #ask(share: KeyShare): Promise<InboundDecision> {
    const patience = new Patience(this.patienceMs, () => this.#leaveAlone());
    share.waiting += 1;
    try {
      // An answer may have been for those who asked before.
      while (await Promise.race([this.#order(share, { ahead: true }), patience.over])) {
        const decision = share.spend(this.clock.elapsed());
        if (decision) return decision;
      }
      return share.spendAlone(this.clock.elapsed());
    } finally {
      share.waiting -= 1;
      patience.end();
    }
  }

  /** One order per key at a time; whether Redis answered. */
  #order(share: KeyShare, how: { ahead: boolean; all?: boolean }): Promise<boolean> {
    const under = this.#orders.get(share);
    if (under) return under;
    const order = this.#send(share, how).finally(() => this.#orders.delete(share));
    this.#orders.set(share, order);
    return order;
  }

  async #send(share: KeyShare, how: { ahead: boolean; all?: boolean }): Promise<boolean> {
    const sentAt = this.clock.elapsed();
    const order = share.order(sentAt, how);
    try {
      const grant = await this.buckets.take(share.hash, share.keyId, order);
      share.accept(order, grant, sentAt, this.clock.elapsed());
      return true;
    } catch {
      share.unanswered(order);
      this.#leaveAlone();
      return false;
    } finally {
      if (share.key.held > 0) this.#holding.add(share);
      else this.#holding.delete(share);
    }
  }

  #leaveAlone(): void {
    this.#aloneUntil = this.clock.elapsed() + leaveAloneMs;
  }
}

/** The time that one request gives Redis. */
class Patience {
  /** Resolves with false when it is over. */
  readonly over: Promise<false>;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(ms: number, onOver: () => void) {
    this.over = new Promise((resolve) => {
      const give = () => {
        if (this.#ended) return;
        onOver();
        resolve(false);
      };
      // When it was this process that stood still, the answer lies in the socket already: read it first.
      this.#timer = setTimeout(() => setImmediate(give), ms);
    });
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
