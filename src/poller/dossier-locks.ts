import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';

/** Which dossier of which OPCO. */
export interface DossierName {
  readonly opcoId: string;
  readonly numeroInterne: string;
}

/** Until the end of the transaction nobody else writes a version of these dossiers; the trigger takes the same locks. */
export async function lockDossiers(sql: Sql, tenant: TenantHash, names: readonly DossierName[]): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS name', [
    names.map(({ opcoId, numeroInterne }) => `snapshot ${tenant} ${opcoId} ${numeroInterne}`),
  ]);
}

/**
 * Locks what stands beside the histories of these dossiers, in the one order in which everybody does who locks several: nobody waits
 * for another in a circle. Those that are not watched yet are passed over.
 */
export async function lockWatched(sql: Sql, tenant: TenantHash, names: readonly DossierName[]): Promise<void> {
  await sql.query(
    `SELECT 1 FROM watched_dossiers w JOIN unnest($2::text[], $3::text[]) AS n(opco, numero) ON w.opco_id = n.opco AND w.numero_interne = n.numero
     WHERE w.tenant_hash = $1 ORDER BY w.opco_id COLLATE "C", w.numero_interne COLLATE "C" FOR UPDATE OF w`,
    [tenant, names.map(({ opcoId }) => opcoId), names.map(({ numeroInterne }) => numeroInterne)],
  );
}

/** Makes these dossiers, whose lock is held, due for the poller. */
export async function readAgain(sql: Sql, tenant: TenantHash, names: readonly DossierName[]): Promise<void> {
  await sql.query(
    `UPDATE watched_dossiers w SET next_read_at = now() FROM unnest($2::text[], $3::text[]) AS n(opco, numero)
     WHERE w.tenant_hash = $1 AND w.opco_id = n.opco AND w.numero_interne = n.numero`,
    [tenant, names.map(({ opcoId }) => opcoId), names.map(({ numeroInterne }) => numeroInterne)],
  );
}

/** Waits for whoever is writing a version of this dossier at this moment, so that what is read stays true. */
export async function awaitWriters(
  sql: Sql,
  tenant: TenantHash,
  { opcoId, numeroInterne }: DossierName,
): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))', [
    `snapshot ${tenant} ${opcoId} ${numeroInterne}`,
  ]);
}
