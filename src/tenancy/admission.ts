import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../core/clock.js';
import { fail, OpcoviaError } from '../core/errors.js';
import { tenantHashOf, type Tenant, type TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import { looksLikeApiKey } from './api-key.js';
import { findTenantOfKey, type Admitted } from './admission.repository.js';

/** Until this age an entry is believed without a thought. */
const freshMs = 5_000;
/** Until this age it is believed while PostgreSQL is asked in the background; it bounds how late a revocation is noticed. */
const trustedMs = 10_000;
/** Until this age it is believed when PostgreSQL does not answer. */
const outageMs = 3_600_000;
/** How long a request with a known key waits for PostgreSQL before it counts as not answering. */
const patienceMs = 500;
const refusedMs = 10_000;

interface Remembered extends Admitted {
  /** `Clock.elapsed()` from which its age counts; moved forward while PostgreSQL does not answer. */
  readAt: number;
  readonly firstReadAt: number;
}

/**
 * Who may enter: `X-API-KEY` to tenant. Every refusal is the same 403.
 *
 *     unknown ──look-up──▶ fresh (5 s) ──▶ trusted (10 s), asked again in the background
 *        ▲ └─not registered─▶ refused (10 s)      │ older: asked again before it is believed
 *        └────────── forget / 1 h ◀───────────────┴─ no answer from PostgreSQL: believed up to 1 h
 */
export class Admission {
  readonly #known = new LRUCache<TenantHash, Remembered>({ max: 50_000 });
  // Apart, so that a flood of invented keys cannot push out those of tenants.
  readonly #refused = new LRUCache<TenantHash, true>({ max: 50_000, ttl: refusedMs });
  readonly #onTheirWay = new Map<TenantHash, Promise<Tenant | undefined>>();
  readonly #used = new Set<string>();
  #refusals = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock = systemClock,
  ) {}

  /** The tenant of a header value; throws HTTP_ERROR (403), or SERVICE_UNAVAILABLE when PostgreSQL is needed and away. */
  async admitTenant(presented: string | string[] | undefined): Promise<Tenant> {
    const known = this.peek(presented);
    if (known) return known;
    if (typeof presented !== 'string' || !looksLikeApiKey(presented)) throw this.refusal();
    const keyHash = tenantHashOf(presented);
    const tenant = this.#refused.has(keyHash) ? undefined : await this.ask(keyHash);
    if (!tenant) throw this.refusal();
    this.#used.add(tenant.keyId);
    return tenant;
  }

  /** The tenant, when memory knows it surely; undefined means "ask `admitTenant`", never "refused". Synchronous, no I/O. */
  peek(presented: string | string[] | undefined): Tenant | undefined {
    if (typeof presented !== 'string' || !looksLikeApiKey(presented)) return undefined;
    const keyHash = tenantHashOf(presented);
    const entry = this.#known.get(keyHash);
    if (!entry || this.expired(entry)) return undefined;
    const age = this.clock.elapsed() - entry.readAt;
    if (age >= trustedMs) return undefined;
    if (age >= freshMs) this.lookUp(keyHash).catch(() => undefined);
    this.#used.add(entry.tenant.keyId);
    return entry.tenant;
  }

  /** Drops a key from memory: after its revocation. Instances that are not told notice within ten seconds. */
  forget(keyHash: TenantHash): void {
    this.#known.delete(keyHash);
    this.#refused.delete(keyHash);
  }

  /** The ids of the keys used since the last call, and how many callers were refused. */
  takeUse(): { keyIds: string[]; refusals: number } {
    const use = { keyIds: [...this.#used], refusals: this.#refusals };
    this.#used.clear();
    this.#refusals = 0;
    return use;
  }

  private async ask(keyHash: TenantHash): Promise<Tenant | undefined> {
    const entry = this.#known.get(keyHash);
    const fallback =
      entry && !this.expired(entry) && this.clock.elapsed() - entry.firstReadAt < outageMs ? entry : undefined;
    if (!fallback) return this.lookUp(keyHash);
    const answer = this.lookUp(keyHash).catch((error: unknown) => {
      if (error instanceof OpcoviaError && error.code === 'SERVICE_UNAVAILABLE') return 'silent' as const;
      throw error;
    });
    const patience = new AbortController();
    const first = await Promise.race([answer, pause(patienceMs, 'silent' as const, patience)]).finally(() =>
      patience.abort(),
    );
    if (first !== 'silent') return first;
    fallback.readAt = this.clock.elapsed();
    return fallback.tenant;
  }

  /** One question per key at a time; what it learns is remembered. */
  private lookUp(keyHash: TenantHash): Promise<Tenant | undefined> {
    const asked = this.#onTheirWay.get(keyHash);
    if (asked) return asked;
    const asking = findTenantOfKey(this.database, keyHash)
      .then((found) => this.remember(keyHash, found))
      .finally(() => this.#onTheirWay.delete(keyHash));
    this.#onTheirWay.set(keyHash, asking);
    return asking;
  }

  private remember(keyHash: TenantHash, found: Admitted | undefined): Tenant | undefined {
    if (!found || this.expired(found)) {
      this.#known.delete(keyHash);
      this.#refused.set(keyHash, true);
      return undefined;
    }
    const now = this.clock.elapsed();
    this.#known.set(keyHash, { ...found, readAt: now, firstReadAt: now });
    return found.tenant;
  }

  private expired({ expiresAt }: Admitted): boolean {
    return expiresAt !== undefined && expiresAt <= this.clock.now();
  }

  private refusal(): OpcoviaError {
    this.#refusals++;
    return fail('HTTP_ERROR', { detail: "Clé d'accès absente, inconnue ou expirée." });
  }
}
