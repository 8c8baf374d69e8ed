import type { Endpoint, EndpointName, UpstreamResponse } from '../../core/endpoint.js';
import {
  depositCertificat,
  depositCertificatAsDocument,
  depositConvention,
  depositDocument,
  depositDossier,
  depositFacture,
  depositRupture,
} from './deposits.js';
import { cfakeyinfo, dossier, etatsPages, etatsWhole, facturesEtats, liste, status } from './reads.js';
import type { Offset } from './words.js';

/** What may differ between two OPCOs that speak the same version. */
export interface Dialect {
  readonly offset: Offset;
  /** The three hosts of one family spell the path with a capital (norm.md 3.2). */
  readonly factures: 'factures' | 'Factures';
  /** The route that certificates take. */
  readonly certificats: 'certificats' | 'documents';
  /** Whether `factures/etats` can find a lost invoice again. */
  readonly facturesFound: boolean;
  /** Where an OPCO says "unknown number" otherwise than by 404. */
  readonly isNotFound?: (response: UpstreamResponse) => boolean;
}

type Norm = 'v1' | 'v2';
type Build = (norm: Norm, dialect: Dialect) => Endpoint;

/** What the norm has in one version only is the same whatever version is asked for. */
const builders: Readonly<Record<EndpointName, Build>> = {
  status: () => status,
  cfakeyinfo: () => cfakeyinfo,
  dossier: (version, { isNotFound }) => dossier({ version, ...(isNotFound && { isNotFound }) }),
  etats: (norm) => (norm === 'v2' ? etatsPages : etatsWhole),
  liste: (_norm, { isNotFound }) => liste({ ...(isNotFound && { isNotFound }) }),
  facturesEtats: () => facturesEtats,
  depositDossier: (norm, { offset }) => depositDossier(norm, offset),
  depositConvention: (_norm, { offset }) => depositConvention(offset),
  depositFacture: (_norm, { offset, factures, facturesFound }) =>
    depositFacture({ offset, segment: factures, found: facturesFound }),
  depositCertificat: (_norm, { offset, certificats }) =>
    certificats === 'documents' ? depositCertificatAsDocument : depositCertificat(offset),
  depositDocument: () => depositDocument,
  depositRupture: (_norm, { offset }) => depositRupture(offset),
};

/** The endpoint of that name in that version of the norm, in one OPCO's dialect. */
export function buildEndpoint(name: EndpointName, norm: Norm, dialect: Dialect): Endpoint {
  return builders[name](norm, dialect);
}
