import { certificatsByDocuments, factures, v1, v2 } from '../convergence/capabilities.js';
import { convergenceAdapter } from '../convergence/adapter.js';

const documents = v1({ note: "Vu dans le code d'intégrateurs." });

/** Atlas: protocol V2, `Factures` with a capital; a 400 tells its reason in a top-level `description`, which the common reader finds. */
export const atlas = convergenceAdapter({
  id: 'atlas',
  label: 'Atlas',
  capabilities: {
    status: v1(),
    cfakeyinfo: v2(),
    dossier: v2(),
    etats: v2(),
    liste: v1(),
    facturesEtats: v2(),
    depositDossier: v2({ note: 'CERFA V14. Le protocole V1 reste en production ; V2 est utilisé.' }),
    depositConvention: v1(),
    depositFacture: factures,
    depositCertificat: certificatsByDocuments(documents),
    depositDocument: documents,
    depositRupture: v2({ note: 'La norme nomme la route sans en publier le corps : champs déduits.' }),
  },
  dialect: { factures: 'Factures' },
  auth: { scope: 'api.read api.write', dpop: false },
});
