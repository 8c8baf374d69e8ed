import { convergenceAdapter } from '../convergence/adapter.js';
import {
  absent,
  certificatsByDocuments,
  documentsUnknown,
  noEtats,
  reading,
  unknown,
  v1,
  v2InDevelopment,
} from '../convergence/capabilities.js';

const study = absent(`Échanges à l'étude chez OPCO Santé pour 2026 (${reading}).`);

/** OPCO Santé: hardly anything yet. Its portal lists invoices in production without the dossiers that they would bill. */
export const opcoSante = convergenceAdapter({
  id: 'opco-sante',
  label: 'OPCO Santé',
  capabilities: {
    status: v1(),
    cfakeyinfo: v2InDevelopment,
    dossier: study,
    etats: study,
    liste: study,
    facturesEtats: noEtats,
    depositDossier: study,
    depositConvention: study,
    depositFacture: unknown(
      'v1',
      `Annoncée en production sans les dossiers qu'elle facturerait : non confirmée (${reading}).`,
    ),
    depositCertificat: certificatsByDocuments(documentsUnknown),
    depositDocument: documentsUnknown,
    depositRupture: v2InDevelopment,
  },
  auth: { dpop: false },
});
