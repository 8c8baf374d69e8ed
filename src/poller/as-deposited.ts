import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { KnownState } from './change-event.js';
import type { Sight } from './snapshot.repository.js';

/** The state in which every contract is sent (norm.md 3.7). */
const etatOnDeposit = 'TRANSMIS';

/** Those that a deposit of ours made, whatever became of them since: nobody discovers them. */
export async function oursAmong(sql: Sql, tenant: TenantHash, sights: readonly Sight[]): Promise<ReadonlySet<Sight>> {
  if (sights.length === 0) return new Set();
  const rows = await sql.query<{ place: number }>(
    `SELECT n.place::int FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS n(opco, numero, place) CROSS JOIN LATERAL (
       SELECT 1 FROM events WHERE tenant_hash = $1 AND opco_id = n.opco AND type = 'job.completed'
         AND data ->> 'numeroInterne' = n.numero LIMIT 1) e`,
    [tenant, sights.map(({ name }) => name.opcoId), sights.map(({ name }) => name.numeroInterne)],
  );
  return new Set(rows.flatMap(({ place }) => sights[place - 1] ?? []));
}

/** A dossier of ours as it left us; undefined when it has not moved on since. */
export function asDeposited({ dossier }: Sight): KnownState | undefined {
  if (dossier.cerfa.etat === etatOnDeposit) return undefined;
  return { etat: etatOnDeposit, dossier: { ...dossier, cerfa: { ...dossier.cerfa, etat: etatOnDeposit } } };
}
