import { convergenceAdapter } from '../convergence/adapter.js';
import { absent, documentsUnknown, factures, v1, v2, v2InDevelopment } from '../convergence/capabilities.js';

/**
 * AFDAS: protocol V1 behind an authorization server that demands DPoP proofs (RFC 9449) and takes no scope; the one OPCO with
 * certificates in production.
 */
export const afdas = convergenceAdapter({
  id: 'afdas',
  label: 'AFDAS',
  capabilities: {
    status: v1(),
    cfakeyinfo: v2InDevelopment,
    dossier: v1(),
    etats: v1(),
    liste: v1(),
    facturesEtats: absent('Prévu par AFDAS au deuxième trimestre 2026, pas encore annoncé en production.'),
    depositDossier: v1({ note: 'CERFA V14.' }),
    depositConvention: v1(),
    depositFacture: factures,
    depositCertificat: v2({ since: '2025-10-20', note: 'Noms des parties du formulaire déduits des autres dépôts.' }),
    depositDocument: documentsUnknown,
    depositRupture: v2InDevelopment,
  },
  dialect: { certificats: 'certificats' },
  auth: { dpop: true },
});
