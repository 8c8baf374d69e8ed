import { createHash } from 'node:crypto';
import type { Coherence } from '../core/contract/coherence.js';
import type { NewEvent } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { DossierName } from './snapshot.repository.js';

/** Most findings that one event lists. */
const mostFindings = 50;

/**
 * The event of a dossier that does not add up, in the transaction of the version that shows it; undefined when nothing is wrong, or
 * the same was told before. Once all is well, the same findings are news again.
 */
export async function newIncoherence(
  sql: Sql,
  tenant: TenantHash,
  name: DossierName,
  { findings }: Coherence,
): Promise<NewEvent | undefined> {
  const { opcoId, numeroInterne } = name;
  // Codes and places alone: nothing of a person is in the digest.
  const named = findings.map(({ code, pointer }) => `${code} ${pointer}`).sort();
  const hash = named.length > 0 ? createHash('sha256').update(named.join('\n')).digest() : null;
  const rows = await sql.query(
    `UPDATE watched_dossiers SET findings_hash = $4
     WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = $3 AND findings_hash IS DISTINCT FROM $4 RETURNING 1`,
    [tenant, opcoId, numeroInterne, hash],
  );
  if (rows.length === 0 || hash === null) return undefined;
  const listed = findings.slice(0, mostFindings).map(({ code, severity, pointer, expected, actual }) => ({
    ...{ code, severity, pointer },
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  }));
  const subject = `dossier:${opcoId}:${numeroInterne}`;
  return { type: 'dossier.incoherent', opcoId, subject, data: { numeroInterne, findings: listed } };
}
