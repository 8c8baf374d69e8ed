import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { KnownState } from './change-event.js';
import type { Sight, Snapshot } from './snapshot.repository.js';

/** The state in which every contract is sent (norm.md 3.7). */
const etatOnDeposit = 'TRANSMIS';

/** The dossiers as they left us, of those that a deposit of ours made and that have moved on since. */
export async function asDeposited(
  sql: Sql,
  tenant: TenantHash,
  sights: readonly Sight[],
): Promise<ReadonlyMap<Sight, KnownState>> {
  const moved = sights.filter(({ dossier }) => dossier.cerfa.etat !== etatOnDeposit);
  if (moved.length === 0) return new Map();
  const rows = await sql.query<{ place: number }>(
    `SELECT n.place::int FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS n(opco, numero, place) CROSS JOIN LATERAL (
       SELECT 1 FROM events WHERE tenant_hash = $1 AND opco_id = n.opco AND type = 'job.completed'
         AND data ->> 'numeroInterne' = n.numero LIMIT 1) e`,
    [tenant, moved.map(({ name }) => name.opcoId), moved.map(({ name }) => name.numeroInterne)],
  );
  return new Map(
    rows.flatMap(({ place }) => {
      const sight = moved[place - 1];
      return sight ? [[sight, { etat: etatOnDeposit, dossier: sentAs(sight.dossier) }] as const] : [];
    }),
  );
}

function sentAs(dossier: Snapshot['dossier']): Snapshot['dossier'] {
  return { ...dossier, cerfa: { ...dossier.cerfa, etat: etatOnDeposit } };
}
