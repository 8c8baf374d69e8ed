import {
  absent,
  certificatsByDocuments,
  documentsUnknown,
  noEtats,
  reading,
  v1,
  v2InDevelopment,
} from '../convergence/capabilities.js';
import { convergenceAdapter } from '../convergence/adapter.js';

/** Uniformation: protocol V1, the one OPCO without invoices. Of its token server nothing was seen: no scope is sent. */
export const uniformation = convergenceAdapter({
  id: 'uniformation',
  label: 'Uniformation',
  capabilities: {
    status: v1(),
    cfakeyinfo: v2InDevelopment,
    dossier: v1(),
    etats: v1(),
    liste: v1(),
    facturesEtats: noEtats,
    depositDossier: v1({ note: 'CERFA V14.' }),
    depositConvention: v1(),
    depositFacture: absent(`Facturation pas encore proposée (${reading}).`),
    depositCertificat: certificatsByDocuments(documentsUnknown),
    depositDocument: documentsUnknown,
    depositRupture: v2InDevelopment,
  },
  auth: { dpop: false },
});
