import {
  certificatsByDocuments,
  documentsUnknown,
  factures,
  noEtats,
  v1,
  v2InDevelopment,
} from '../convergence/capabilities.js';
import { convergenceAdapter } from '../convergence/adapter.js';

/** Constructys: protocol V1. Of its token server nothing was seen: no scope is sent. */
export const constructys = convergenceAdapter({
  id: 'constructys',
  label: 'Constructys',
  capabilities: {
    status: v1(),
    cfakeyinfo: v2InDevelopment,
    dossier: v1(),
    etats: v1(),
    liste: v1(),
    facturesEtats: noEtats,
    depositDossier: v1({ note: 'CERFA V14.' }),
    depositConvention: v1(),
    depositFacture: factures,
    depositCertificat: certificatsByDocuments(documentsUnknown),
    depositDocument: documentsUnknown,
    depositRupture: v2InDevelopment,
  },
  auth: { dpop: false },
});
