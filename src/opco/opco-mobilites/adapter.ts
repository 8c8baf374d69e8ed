import { certificatsByDocuments, documentsUnknown, factures, v1, v2 } from '../convergence/capabilities.js';
import { convergenceAdapter } from '../convergence/adapter.js';

const documents = documentsUnknown;

/** OPCO Mobilités: protocol V2 on the same software as AKTO and Atlas, hence `Factures` with a capital and the same scope. */
export const opcoMobilites = convergenceAdapter({
  id: 'opco-mobilites',
  label: 'OPCO Mobilités',
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
