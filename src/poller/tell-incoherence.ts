import { createHash } from 'node:crypto';
import type { Coherence } from '../core/contract/coherence.js';
import type { NewEvent } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { DossierName } from './snapshot.repository.js';

/** Most findings that one event lists. */
const mostFindings = 50;

/** What the check of a dossier has found. */
export interface Checked extends Pick<Coherence, 'findings'> {
  readonly name: DossierName;
}

/**
 * The event of each dossier that does not add up, in its place, in the transaction of the versions that show it; undefined where nothing
 * is wrong, or the same was told before. Once all is well, the same findings are news again.
 */
export async function newIncoherences(
  sql: Sql,
  tenant: TenantHash,
  checked: readonly Checked[],
): Promise<(NewEvent | undefined)[]> {
  const rows = await sql.query<{ place: number }>(
    `UPDATE watched_dossiers w SET findings_hash = n.hash
     FROM unnest($2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS n(opco, numero, hash, place)
     WHERE w.tenant_hash = $1 AND w.opco_id = n.opco AND w.numero_interne = n.numero AND w.findings_hash IS DISTINCT FROM n.hash
     RETURNING n.place::int`,
    [
      tenant,
      checked.map(({ name }) => name.opcoId),
      checked.map(({ name }) => name.numeroInterne),
      checked.map(({ findings }) => hashOf(findings)),
    ],
  );
  const fresh = new Set(rows.map(({ place }) => place));
  return checked.map((each, at) =>
    fresh.has(at + 1) && each.findings.length > 0 ? incoherenceEvent(each) : undefined,
  );
}

/** Of codes and places alone: nothing of a person is in the digest. Null where nothing is wrong. */
function hashOf(findings: Coherence['findings']): Buffer | null {
  const named = findings.map(({ code, pointer }) => `${code} ${pointer}`).sort();
  return named.length > 0 ? createHash('sha256').update(named.join('\n')).digest() : null;
}

function incoherenceEvent({ name: { opcoId, numeroInterne }, findings }: Checked): NewEvent {
  const listed = findings.slice(0, mostFindings).map(({ code, severity, pointer, expected, actual }) => ({
    ...{ code, severity, pointer },
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  }));
  const subject = `dossier:${opcoId}:${numeroInterne}`;
  return { type: 'dossier.incoherent', opcoId, subject, data: { numeroInterne, findings: listed } };
}
