import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { AuditTrail } from './audit-trail.js';

/** What one row sums up. */
interface Count {
  readonly tenant: TenantHash;
  readonly object: string;
  count: number;
}

/** Pairs of tenant and endpoint counted before they are written early. */
const pairsAtMost = 20_000;

/** Answers given from the cache: one unchained audit row per tenant, endpoint and flush (each minute, and at the end). */
export class CacheHitLog {
  #counts = new Map<string, Count>();

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Counts one hit; `path` is the canonical one, never a value. No I/O on the way of the answer. */
  count(tenant: TenantHash, opcoId: string, path: string): void {
    const name = `${tenant} ${opcoId} ${path}`;
    const known = this.#counts.get(name);
    if (known) {
      known.count++;
      return;
    }
    const object = `endpoint:${opcoId}${path.startsWith('/') ? path : `/${path}`}`;
    this.#counts.set(name, { tenant, object, count: 1 });
    if (this.#counts.size >= pairsAtMost) void this.flush();
  }

  /** Writes and clears the counts; when PostgreSQL is away they are kept for the next minute. Never throws. */
  async flush(): Promise<void> {
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    const entries = [...counts.values()].map(({ tenant, object, count }) => ({
      tenant,
      actor: 'system:cache',
      action: 'cache.hits' as const,
      object,
      result: 'ok',
      details: { count },
    }));
    await this.database.asSystem((sql) => this.audit.writeAll(sql, entries)).catch(() => this.takeBack(counts));
  }

  private takeBack(counts: ReadonlyMap<string, Count>): void {
    for (const [name, { tenant, object, count }] of counts) {
      const known = this.#counts.get(name);
      if (known) known.count += count;
      else if (this.#counts.size < pairsAtMost) this.#counts.set(name, { tenant, object, count });
    }
  }
}
