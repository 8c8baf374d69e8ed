import { refuse, type Decision, type Done, type Served } from './asked.js';
import { Refused } from './demand.js';
import { depositDossier, depositRupture } from './deposit-dossier.js';
import { depositFacture } from './deposit-facture.js';
import { depositCertificat, depositConvention, depositDocument } from './deposit-papers.js';
import type { NormRoute } from './norm-routes.js';
import { cfakeyinfo, dossier, etats, facturesEtats, liste, status } from './reads.js';

/** Every route of the norm (norm.md 3.2). */
const desks: Readonly<Record<NormRoute['name'], (served: Served) => Done | Promise<Done>>> = {
  status,
  cfakeyinfo,
  dossier,
  etats,
  liste,
  facturesEtats,
  depositDossier,
  depositConvention,
  depositFacture,
  depositCertificat,
  depositDocument,
  depositRupture,
};

/** What the OPCO does behind its gate, for a CFA it knows. */
export async function serveRoute(served: Served): Promise<Decision> {
  const { world, asked, route } = served;
  const { dialect } = asked;
  if (!world.enabled.serves(dialect, route))
    return refuse(dialect, route.name, [501, 'INDISPONIBLE', 'Route non ouverte chez cet OPCO à ce jour.']);
  try {
    const { body, effect, key } = await desks[route.name](served);
    return { status: 200, body, decision: 'ok', ...(effect && { effect }), ...(key !== undefined && { key }) };
  } catch (error) {
    if (error instanceof Refused) return refuse(dialect, route.name, [error.status, error.code, error.text]);
    throw error;
  }
}
