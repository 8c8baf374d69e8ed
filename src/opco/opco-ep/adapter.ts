import type { OpcoAdapter } from '../../core/endpoint.js';
import { absent, notServedYet, v1 } from '../convergence/capabilities.js';
import { endpointsV1 } from '../convergence/endpoints.v1.js';
import { readRefusal } from '../convergence/refusal.js';
import { isUnknownNumber } from './quirks.js';

const inTest = 'Protocole V2 en phase de test chez OPCO EP (2026-07-28).';

/** OPCO EP: Convergence V1, no scope; an unknown number is a 400 (see `quirks.ts`). */
export const opcoEp: OpcoAdapter = {
  id: 'opco-ep',
  label: 'OPCO EP',
  capabilities: {
    status: v1(),
    cfakeyinfo: absent(inTest),
    dossier: v1(),
    etats: v1(),
    liste: notServedYet('v1'),
    facturesEtats: absent('Pas encore proposé par OPCO EP (2026-07-28).'),
    depositDossier: v1(`CERFA V14. ${inTest}`),
    depositConvention: notServedYet('v1'),
    depositFacture: notServedYet('v1'),
    depositCertificat: absent('En développement chez OPCO EP (2026-07-28).'),
    depositDocument: v1('Non confirmé par le portail de la norme ; route commune du protocole V1.'),
    depositRupture: absent(inTest),
  },
  endpoints: endpointsV1({ offset: '+00:00', isNotFound: isUnknownNumber }),
  auth: { dpop: false },
  limits: { callsPerSecond: 10, burst: 20, concurrency: 10 },
  paging: { kind: 'whole' },
  normVersions: ['1.0'],
  quietPeriodSeconds: 60,
  refusal: readRefusal,
};
