import { certificatsByDocuments, documentsUnknown, factures, v1, v2 } from '../convergence/capabilities.js';
import { convergenceAdapter } from '../convergence/adapter.js';

const documents = documentsUnknown;

/** OCAPIAT: protocol V2. Of its token server nothing was seen: no scope is sent. */
export const ocapiat = convergenceAdapter({
  id: 'ocapiat',
  label: 'OCAPIAT',
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
  auth: { dpop: false },
});
