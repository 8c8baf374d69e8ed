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
