import { convergenceAdapter } from '../convergence/adapter.js';
import { absent, certificatsByDocuments, factures, inTest, noEtats, reading, v1 } from '../convergence/capabilities.js';
import { isUnknownNumber } from './quirks.js';

const tested = `Protocole V2 en phase de test chez OPCO EP (${reading}).`;
const documents = v1({ note: "Montré pour cet OPCO par la documentation du dépôt d'un document." });

/** OPCO EP: protocol V1 in production, V2 of the dossiers in test, no scope; an unknown number is a 400 (see `quirks.ts`). */
export const opcoEp = convergenceAdapter({
  id: 'opco-ep',
  label: 'OPCO EP',
  capabilities: {
    status: v1(),
    cfakeyinfo: absent(tested),
    dossier: v1(),
    etats: v1(),
    liste: v1(),
    facturesEtats: noEtats,
    depositDossier: v1({ note: 'CERFA V14.' }),
    depositConvention: v1(),
    depositFacture: factures,
    depositCertificat: certificatsByDocuments(documents),
    depositDocument: documents,
    depositRupture: absent(tested),
  },
  trials: {
    dossier: inTest('v2', tested),
    etats: inTest('v2', tested),
    depositDossier: inTest('v2', tested),
  },
  dialect: { isNotFound: isUnknownNumber },
  auth: { dpop: false },
});
