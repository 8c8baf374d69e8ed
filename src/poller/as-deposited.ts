import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { KnownState } from './change-event.js';
import type { DossierName, Sight, Snapshot } from './snapshot.repository.js';

/** The state in which every contract is sent (norm.md 3.7). */
const etatOnDeposit = 'TRANSMIS';

/** The dossier as it left us, when a deposit of ours made it and it has moved on since. */
export async function asDeposited(
  sql: Sql,
  tenant: TenantHash,
  { name, dossier }: Sight,
): Promise<KnownState | undefined> {
  if (dossier.cerfa.etat === etatOnDeposit) return undefined;
  const before: Snapshot['dossier'] = { ...dossier, cerfa: { ...dossier.cerfa, etat: etatOnDeposit } };
  return (await isOurs(sql, tenant, name)) ? { etat: etatOnDeposit, dossier: before } : undefined;
}

/** Whether a deposit of ours made it, whatever became of it since: then nobody discovers it. */
export async function isOurs(sql: Sql, tenant: TenantHash, { opcoId, numeroInterne }: DossierName): Promise<boolean> {
  const deposits = await sql.query(
    `SELECT 1 FROM events
     WHERE tenant_hash = $1 AND opco_id = $2 AND type = 'job.completed' AND data ->> 'numeroInterne' = $3 LIMIT 1`,
    [tenant, opcoId, numeroInterne],
  );
  return deposits.length > 0;
}
