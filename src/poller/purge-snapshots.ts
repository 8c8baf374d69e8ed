import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database, Sql } from '../platform/database/database.js';

/** How long histories are kept, in days; fractions as well. */
export interface HistoryRetention {
  /** A version that a newer one has replaced, counted from then. */
  readonly versionDays: number;
  /** Everything of a dossier that the OPCO has no longer, counted from its end. */
  readonly deletedDays: number;
}

/** Rows removed. */
export interface PurgedHistory {
  readonly versions: number;
  readonly dossiers: number;
  /** Invoices that the OPCO lists no longer. */
  readonly factures: number;
}

/**
 * Removes versions from the front of histories, never the newest one, and the whole of dossiers that are long gone, with their
 * keys. The link of the last version that goes is kept: the chain of those that stay is anchored to it. One batch, one transaction.
 */
export async function purgeSnapshots(
  database: Pick<Database, 'asSystem'>,
  audit: Pick<AuditTrail, 'write'>,
  { versionDays, deletedDays }: HistoryRetention,
  batch = 500,
): Promise<PurgedHistory> {
  return database.asSystem(async (sql) => {
    const purged = {
      versions: await cutFronts(sql, versionDays, batch),
      dossiers: await dropDeleted(sql, deletedDays, batch),
      factures: await dropFactures(sql, deletedDays, batch),
    };
    if (purged.versions + purged.dossiers + purged.factures > 0) {
      await audit.write(sql, {
        ...{ tenant: null, actor: 'system:purge', action: 'snapshots.purged', object: 'snapshots', result: 'ok' },
        details: { ...purged },
      });
    }
    return purged;
  });
}

/** Whole fronts: a version goes with all that come before it. */
async function cutFronts(sql: Sql, days: number, batch: number): Promise<number> {
  const [row] = await sql.query<{ versions: number }>(
    `WITH old AS MATERIALIZED (
       SELECT w.tenant_hash, w.opco_id, w.numero_interne, cut.version FROM watched_dossiers w
       CROSS JOIN LATERAL (
         SELECT n.version - 1 AS version FROM snapshots n
         WHERE n.tenant_hash = w.tenant_hash AND n.opco_id = w.opco_id AND n.numero_interne = w.numero_interne
           AND n.version > w.cut_version + 1 AND n.observed_at < now() - $1::float8 * interval '1 day'
         ORDER BY n.version DESC LIMIT 1) cut
       WHERE w.last_version > w.cut_version + 1 LIMIT $2 FOR UPDATE OF w SKIP LOCKED
     ), anchored AS (
       UPDATE watched_dossiers w SET cut_version = s.version, cut_link = s.link
       FROM old JOIN snapshots s USING (tenant_hash, opco_id, numero_interne, version)
       WHERE (w.tenant_hash, w.opco_id, w.numero_interne) = (old.tenant_hash, old.opco_id, old.numero_interne)
     ), gone AS (
       DELETE FROM snapshots s USING old
       WHERE (s.tenant_hash, s.opco_id, s.numero_interne) = (old.tenant_hash, old.opco_id, old.numero_interne)
         AND s.version <= old.version RETURNING 1
     ) SELECT count(*)::int AS versions FROM gone`,
    [days, batch],
  );
  return row?.versions ?? 0;
}

async function dropDeleted(sql: Sql, days: number, batch: number): Promise<number> {
  const [row] = await sql.query<{ dossiers: number }>(
    `WITH old AS (
       DELETE FROM watched_dossiers WHERE (tenant_hash, opco_id, numero_interne) IN (
         SELECT tenant_hash, opco_id, numero_interne FROM watched_dossiers
         WHERE deleted_at < now() - $1::float8 * interval '1 day' LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING tenant_hash, opco_id, numero_interne
     ), gone AS (
       DELETE FROM snapshots s USING old
       WHERE (s.tenant_hash, s.opco_id, s.numero_interne) = (old.tenant_hash, old.opco_id, old.numero_interne)
       RETURNING s.data_key_id, s.tenant_hash
     ), numbers AS (
       DELETE FROM known_numbers k USING old
       WHERE k.list = 'etats' AND (k.tenant_hash, k.opco_id, k.number) = (old.tenant_hash, old.opco_id, old.numero_interne)
     ), keys AS (
       DELETE FROM data_keys k USING gone WHERE k.id = gone.data_key_id AND k.tenant_hash = gone.tenant_hash
     ) SELECT count(*)::int AS dossiers FROM old`,
    [days, batch],
  );
  return row?.dossiers ?? 0;
}

/** Counted up to the last list that was seen whole: a list that fails for months takes nothing away. */
async function dropFactures(sql: Sql, days: number, batch: number): Promise<number> {
  const [row] = await sql.query<{ factures: number }>(
    `WITH gone AS (
       DELETE FROM watched_factures WHERE (tenant_hash, opco_id, numero_interne_facture) IN (
         SELECT f.tenant_hash, f.opco_id, f.numero_interne_facture FROM watched_factures f
         LEFT JOIN poll_targets t ON t.tenant_hash = f.tenant_hash AND t.opco_id = f.opco_id
         WHERE f.seen_at < now() - $1::float8 * interval '1 day'
           AND f.seen_at < CASE WHEN t.opco_id IS NULL THEN now() ELSE t.factures_known_at END - $1::float8 * interval '1 day'
         LIMIT $2 FOR UPDATE OF f SKIP LOCKED)
       RETURNING tenant_hash, data_key_id
     ), keys AS (
       DELETE FROM data_keys k USING gone WHERE k.id = gone.data_key_id AND k.tenant_hash = gone.tenant_hash
     ) SELECT count(*)::int AS factures FROM gone`,
    [days, batch],
  );
  return row?.factures ?? 0;
}
