import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../core/clock.js';
import { countedAddress } from '../core/counted-address.js';
import { fail, OpcoviaError } from '../core/errors.js';
import { tenantHashOf, type Tenant, type TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import { looksLikeApiKey } from './api-key.js';
import { findTenantOfKey, type Admitted, type Unfit } from './admission.repository.js';
import { type RefusalReason, type RefusedCalls, RefusalTally } from './refusal-tally.js';
import { StrangerLimit } from './stranger-limit.js';

/** Until this age an entry is believed without a thought. */
const freshMs = 5_000;
/** Until this age it is believed while PostgreSQL is asked in the background; it bounds how late a revocation is noticed without news. */
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

/** A tenant, or why there is none. */
type Verdict = Tenant | RefusalReason;

/** What admission saw since it was last asked, for the trail. */
export interface KeyUse {
  readonly keyIds: readonly string[];
  readonly refusals: readonly RefusedCalls[];
}

const defaultStrangers = { perMinute: 60, burst: 20 };

/**
 * Who may enter: `X-API-KEY` to tenant. Every refusal is the same 403.
 *
 *     unknown ──look-up──▶ fresh (5 s) ──▶ trusted (10 s), asked again in the background
 *        ▲ └─not registered─▶ refused (10 s)      │ older, or news were missed: asked again before it is believed
 *        └────── news / forget / 1 h ◀────────────┴─ no answer from PostgreSQL: believed up to 1 h
 *
 * News of a changed key also makes look-ups under way be done once more: they may have read what was true before.
 */
export class Admission {
  readonly #hashes = new Map<string, TenantHash>();
  readonly #known = new LRUCache<TenantHash, Remembered>({
    max: 50_000,
    dispose: ({ tenant }) => this.#hashes.delete(tenant.keyId),
  });
  // Apart, so that a flood of invented keys cannot push out those of tenants.
  readonly #refused = new LRUCache<TenantHash, RefusalReason>({ max: 50_000, ttl: refusedMs });
  readonly #onTheirWay = new Map<TenantHash, Promise<Verdict>>();
  readonly #used = new Set<string>();
  readonly #refusals = new RefusalTally();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock = systemClock,
    private readonly strangers = new StrangerLimit(defaultStrangers, clock),
  ) {}

  /**
   * The tenant of a header value that came from an address; throws HTTP_ERROR (403), RATE_LIMITED when the address has had too
   * many unknown keys looked up, or SERVICE_UNAVAILABLE when PostgreSQL is needed and away. Without an address, no limit.
   */
  async admitTenant(presented: string | string[] | undefined, from?: string): Promise<Tenant> {
    const known = this.peek(presented);
    if (known) return known;
    if (presented === undefined || presented === '') throw this.#refusal('missing', from);
    if (typeof presented !== 'string' || !looksLikeApiKey(presented)) throw this.#refusal('malformed', from);
    const verdict = await this.#judge(tenantHashOf(presented), from);
    if (typeof verdict === 'string') throw this.#refusal(verdict, from);
    this.#used.add(verdict.keyId);
    return verdict;
  }

  /** The tenant, when memory knows it surely; undefined means "ask `admitTenant`", never "refused". Synchronous, no I/O. */
  peek(presented: string | string[] | undefined): Tenant | undefined {
    if (typeof presented !== 'string' || !looksLikeApiKey(presented)) return undefined;
    const keyHash = tenantHashOf(presented);
    const entry = this.#known.get(keyHash);
    if (!entry || this.#expired(entry)) return undefined;
    const age = this.clock.elapsed() - entry.readAt;
    if (age >= trustedMs) return undefined;
    if (age >= freshMs) this.#lookUp(keyHash).catch(() => undefined);
    this.#used.add(entry.tenant.keyId);
    return entry.tenant;
  }

  /** Something about a key has changed, or a key was made (then it has an id that nobody knows here). */
  forget(keyId: string): void {
    const keyHash = this.#hashes.get(keyId);
    if (keyHash) this.#known.delete(keyHash);
    this.#refused.clear();
    this.#onTheirWay.clear();
  }

  /** News may have been missed: whatever is known is asked again before it is believed. */
  doubt(): void {
    for (const entry of this.#known.values()) entry.readAt = this.clock.elapsed() - trustedMs;
    this.#refused.clear();
    this.#onTheirWay.clear();
  }

  /** The ids of the keys used since the last call, and who was refused. */
  takeUse(): KeyUse {
    const use = { keyIds: [...this.#used], refusals: this.#refusals.take() };
    this.#used.clear();
    return use;
  }

  /** Takes back what could not be written down. */
  takeBack({ keyIds, refusals }: KeyUse): void {
    for (const keyId of keyIds) this.#used.add(keyId);
    for (const row of refusals) this.#refusals.add(row);
  }

  /** A key in memory is nobody's stranger; any other is looked up on the account of its address. */
  async #judge(keyHash: TenantHash, from: string | undefined): Promise<Verdict> {
    if (this.#known.has(keyHash)) return this.#askAgain(keyHash);
    const lookUp = async () => this.#refused.get(keyHash) ?? this.#lookUp(keyHash);
    if (from === undefined) return lookUp();
    const address = countedAddress(from);
    try {
      if (this.#onTheirWay.has(keyHash)) return await this.#lookUp(keyHash);
      if (!this.#refused.has(keyHash)) {
        return await this.strangers.charge(address, lookUp, (verdict) => typeof verdict !== 'string');
      }
      // Costs nothing, yet an address without look-ups left is told so, whatever it presents.
      this.strangers.check(address);
      return await lookUp();
    } catch (error) {
      if (error instanceof OpcoviaError && error.code === 'RATE_LIMITED') this.#refusals.count('limited', from);
      throw error;
    }
  }

  async #askAgain(keyHash: TenantHash): Promise<Verdict> {
    const entry = this.#known.get(keyHash);
    const fallback =
      entry && !this.#expired(entry) && this.clock.elapsed() - entry.firstReadAt < outageMs ? entry : undefined;
    const answer = this.#lookUp(keyHash);
    if (!fallback) return answer;
    const orSilence = answer.catch((error: unknown) => {
      if (error instanceof OpcoviaError && error.code === 'SERVICE_UNAVAILABLE') return undefined;
      throw error;
    });
    const patience = new AbortController();
    const first = await Promise.race([orSilence, pause(patienceMs, undefined, patience)]).finally(() =>
      patience.abort(),
    );
    // News that came meanwhile took the entry out of memory: then there is nothing left to believe.
    if (first !== undefined || this.#known.get(keyHash) !== fallback) return first ?? answer;
    fallback.readAt = this.clock.elapsed();
    return fallback.tenant;
  }

  /** One question per key at a time; what it learns is remembered, unless news came while it was asked. */
  #lookUp(keyHash: TenantHash): Promise<Verdict> {
    const asked = this.#onTheirWay.get(keyHash);
    if (asked) return asked;
    const current = () => this.#onTheirWay.get(keyHash) === asking;
    const asking: Promise<Verdict> = findTenantOfKey(this.database, keyHash)
      .then((found) => (current() ? this.#remember(keyHash, found) : this.#lookUp(keyHash)))
      .finally(() => current() && this.#onTheirWay.delete(keyHash));
    this.#onTheirWay.set(keyHash, asking);
    return asking;
  }

  #remember(keyHash: TenantHash, found: Admitted | Unfit): Verdict {
    if (typeof found === 'string' || this.#expired(found)) {
      const reason = typeof found === 'string' ? found : 'expired';
      this.#known.delete(keyHash);
      this.#refused.set(keyHash, reason);
      return reason;
    }
    const now = this.clock.elapsed();
    this.#known.set(keyHash, { ...found, readAt: now, firstReadAt: now });
    this.#hashes.set(found.tenant.keyId, keyHash);
    return found.tenant;
  }

  #expired({ expiresAt }: Admitted): boolean {
    return expiresAt !== undefined && expiresAt <= this.clock.now();
  }

  #refusal(reason: RefusalReason, from: string | undefined): OpcoviaError {
    this.#refusals.count(reason, from);
    return fail('HTTP_ERROR', { detail: "Clé d'accès absente, inconnue ou expirée." });
  }
}
