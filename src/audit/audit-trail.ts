import type { Sql } from '../platform/database/database.js';
import type { TenantHash } from '../core/tenant.js';

/** One line of the trail; never holds a personal datum, a key or a body. */
export interface AuditEntry {
  /** Null for what belongs to no tenant: a refused key, a staff action on the whole. */
  readonly tenant: TenantHash | null;
  /** `key:<id>`, `system:<duty>`, `cli`, `staff:<subject>`. */
  readonly actor: string;
  /** Dotted verb, `job.completed`, `credentials.replaced`, `upstream.called`. */
  readonly action: string;
  /** `job:<id>`, `webhook:<id>`, `endpoint:<opcoId>/<path>`. */
  readonly object: string;
  readonly result: string;
  readonly requestId?: string;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Writes the trail: always inside the transaction of the change, so that there is no change without trace, and no trace without change. */
export class AuditTrail {
  async write(sql: Sql, entry: AuditEntry): Promise<void> {
    await this.writeAll(sql, [entry]);
  }

  /** Several lines in one statement; their ids follow the order given. */
  async writeAll(sql: Sql, entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await sql.query(
      `INSERT INTO audit_logs (tenant_hash, actor, action, object, result, request_id, details)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])`,
      [
        entries.map(({ tenant }) => tenant),
        entries.map(({ actor }) => actor),
        entries.map(({ action }) => action),
        entries.map(({ object }) => object),
        entries.map(({ result }) => result),
        entries.map(({ requestId }) => requestId ?? null),
        entries.map(({ details }) => JSON.stringify(details ?? {})),
      ],
    );
  }
}
