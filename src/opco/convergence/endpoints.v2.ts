import type { Endpoint } from '../../core/endpoint.js';
import { depositDossier } from './deposits.js';
import { endpointsV1, type DialectV1 } from './endpoints.v1.js';
import { dossier, etatsPages } from './reads.js';

/** The endpoints of protocol V2 that this version serves; status and documents exist in V1 only. */
export function endpointsV2(dialect: DialectV1) {
  const { offset, isNotFound } = dialect;
  return {
    ...endpointsV1(dialect),
    dossier: dossier({ version: 'v2', ...(isNotFound && { isNotFound }) }),
    etats: etatsPages,
    depositDossier: depositDossier({ version: 'v2', offset }),
  } satisfies Record<string, Endpoint>;
}
