import type { OpcoAdapter } from '../../core/endpoint.js';
import { absent, notServedYet, v1 } from '../convergence/capabilities.js';
import { endpointsV1 } from '../convergence/endpoints.v1.js';
import { readRefusal } from '../convergence/refusal.js';

/** AFDAS: Convergence V1 behind an authorization server that demands DPoP proofs (RFC 9449) and takes no scope. */
export const afdas: OpcoAdapter = {
  id: 'afdas',
  label: 'AFDAS',
  capabilities: {
    status: v1(),
    cfakeyinfo: absent('Route du protocole V2, en développement chez AFDAS (2026-07-28).'),
    dossier: v1(),
    etats: v1(),
    liste: notServedYet('v1'),
    facturesEtats: absent('Prévu par AFDAS au deuxième trimestre 2026, pas encore annoncé en production.'),
    depositDossier: v1('CERFA V14'),
    depositConvention: notServedYet('v1'),
    depositFacture: notServedYet('v1'),
    depositCertificat: notServedYet('v2', '2025-10-20'),
    depositDocument: v1('Non confirmé par le portail de la norme ; route commune du protocole V1.'),
    depositRupture: absent('Route du protocole V2, en développement chez AFDAS (2026-07-28).'),
  },
  endpoints: endpointsV1({ offset: '+00:00' }),
  auth: { dpop: true },
  limits: { callsPerSecond: 10, burst: 20, concurrency: 10 },
  paging: { kind: 'whole' },
  normVersions: ['1.0'],
  quietPeriodSeconds: 60,
  refusal: readRefusal,
};
