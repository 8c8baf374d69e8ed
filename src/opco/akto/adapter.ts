import type { OpcoAdapter } from '../../core/endpoint.js';
import { absent, notServedYet, v1, v2 } from '../convergence/capabilities.js';
import { endpointsV2 } from '../convergence/endpoints.v2.js';
import { readRefusal } from '../convergence/refusal.js';

/** AKTO: Convergence V2 in pages; answers `sexe` as 1/2 and the state `RUPTU`, both read by the common words. */
export const akto: OpcoAdapter = {
  id: 'akto',
  label: 'AKTO',
  capabilities: {
    status: v1(),
    cfakeyinfo: notServedYet('v2'),
    dossier: v2(),
    etats: v2(),
    liste: notServedYet('v1'),
    facturesEtats: notServedYet('v2'),
    depositDossier: v2('CERFA V14'),
    depositConvention: notServedYet('v1'),
    depositFacture: notServedYet('v1'),
    depositCertificat: absent('En développement chez AKTO (2026-07-28).'),
    depositDocument: v1(),
    depositRupture: notServedYet('v2'),
  },
  endpoints: endpointsV2({ offset: '+00:00' }),
  auth: { scope: 'api.read api.write', dpop: false },
  limits: { callsPerSecond: 10, burst: 20, concurrency: 10 },
  paging: { kind: 'pages', size: 100 },
  normVersions: ['1.0', '2.0'],
  quietPeriodSeconds: 60,
  refusal: readRefusal,
};
