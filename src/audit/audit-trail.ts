import type { Sql } from '../platform/database/database.js';
import type { TenantHash } from '../core/tenant.js';
import type { AuditAction } from './actions.js';

/** Who asks for a change, and from where. */
export interface Author {
  /** `key:<id>` (the row's id, never the key nor its hash), `system:<duty>`, `cli`, `staff:<subject>`. */
  readonly actor: string;
  readonly requestId?: string;
  /** The caller's network in CIDR notation, as `networkOf` shortens it; absent for duties and the command line. */
  readonly source?: string;
}

/** One line of the trail; never holds a personal datum, a key or a body. */
export interface AuditEntry extends Author {
  /** Null for what belongs to no tenant: a refused key, a staff action on the whole. */
  readonly tenant: TenantHash | null;
  readonly action: AuditAction;
  /** `job:<id>`, `webhook:<id>`, `endpoint:<opcoId>/<path>`. */
  readonly object: string;
  readonly result: string;
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
      `INSERT INTO audit_logs (tenant_hash, actor, action, object, result, request_id, source, details)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::cidr[], $8::jsonb[])`,
      [
        entries.map(({ tenant }) => tenant),
        entries.map(({ actor }) => actor),
        entries.map(({ action }) => action),
        entries.map(({ object }) => object),
        entries.map(({ result }) => result),
        entries.map(({ requestId }) => requestId ?? null),
        entries.map(({ source }) => source ?? null),
        entries.map(({ details }) => JSON.stringify(details ?? {})),
      ],
    );
  }
}
