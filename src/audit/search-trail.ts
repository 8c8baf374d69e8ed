import type { TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import type { AuditAction } from './actions.js';
import type { AuditTrail } from './audit-trail.js';

/** What staff looks for; newest first. */
export interface TrailQuestion {
  /** Null for the rows that belong to no tenant. */
  readonly tenant: TenantHash | null;
  readonly action?: AuditAction;
  /** Rows from this instant on. */
  readonly since?: Date;
  /** Rows before this instant. */
  readonly until?: Date;
  /** Rows with a smaller id: the next page after the last id shown. */
  readonly before?: string;
  /** Rows at most. */
  readonly limit: number;
}

/** A row as staff reads it. */
export interface TrailRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly result: string;
  readonly requestId: string | null;
  readonly source: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The most rows that one search shows. */
export const mostRows = 1000;

/** Searches the trail of one tenant. Who reads it leaves a row there too, in the same transaction: no reading without trace. */
export function searchTrail(
  database: Pick<Database, 'asSystem'>,
  trail: Pick<AuditTrail, 'write'>,
  { actor, ...question }: TrailQuestion & { readonly actor: string },
): Promise<TrailRow[]> {
  const { tenant, action, since, until, before, limit } = question;
  return database.asSystem(async (sql) => {
    const rows = await sql.query<TrailRow>(
      `SELECT id::text AS id, at, actor, action, object, result, request_id AS "requestId", source::text AS source, details
       FROM audit_logs
       WHERE tenant_hash IS NOT DISTINCT FROM $1 AND ($2::text IS NULL OR action = $2)
         AND ($3::timestamptz IS NULL OR at >= $3) AND ($4::timestamptz IS NULL OR at < $4)
         AND ($5::bigint IS NULL OR id < $5)
       ORDER BY id DESC LIMIT $6`,
      [tenant, action ?? null, since ?? null, until ?? null, before ?? null, Math.min(limit, mostRows)],
    );
    await trail.write(sql, {
      tenant,
      actor,
      action: 'audit.searched',
      object: 'audit',
      result: 'ok',
      details: {
        rows: rows.length,
        ...(action !== undefined && { action }),
        ...(since && { since: since.toISOString() }),
        ...(until && { until: until.toISOString() }),
      },
    });
    return rows;
  });
}
