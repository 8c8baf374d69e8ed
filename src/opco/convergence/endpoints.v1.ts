import type { Endpoint, UpstreamResponse } from '../../core/endpoint.js';
import { depositDocument, depositDossier } from './deposits.js';
import { dossier, etatsWhole, status } from './reads.js';
import type { Offset } from './words.js';

/** What may differ between two OPCOs that speak V1. */
export interface DialectV1 {
  readonly offset: Offset;
  readonly isNotFound?: (response: UpstreamResponse) => boolean;
}

/** The endpoints of protocol V1 that this version serves, by name. */
export function endpointsV1({ offset, isNotFound }: DialectV1) {
  return {
    status,
    dossier: dossier({ version: 'v1', ...(isNotFound && { isNotFound }) }),
    etats: etatsWhole,
    depositDossier: depositDossier({ version: 'v1', offset }),
    depositDocument,
  } satisfies Record<string, Endpoint>;
}
