import type { EndpointName, OpcoId } from '../core/endpoint.js';

/** Which version of the norm a path belongs to. */
export type NormVersion = 'v1' | 'v2';

/** A path that an OPCO has. `dormant`: tested or not known there (norm.md 3.4), 501 until a control call turns it on. */
export interface NormRoute {
  readonly name: EndpointName;
  readonly version: NormVersion;
  readonly dormant: boolean;
}

/** Columns of norm.md 3.4: y in production, t in its test phase, ? not stated, n absent. */
const columns = ['dossiersV1', 'dossiersV2', 'conventions', 'factures', 'facturesEtats', 'certificats', 'documents'];

/**
 * The matrix of norm.md 3.4 as it stands there. Two cells are read further: documents at OPCO EP, whose page (norm.md
 * 1.7) shows that very OPCO, and invoices at OPCO Santé (`y?`), kept dormant.
 */
const matrix: Readonly<Record<OpcoId, string>> = {
  afdas: 'y n y y n y ?',
  akto: 'y y y y y n y',
  atlas: 'y y y y y n y',
  constructys: 'y n y y n n ?',
  opcommerce: 'y y y y y n ?',
  ocapiat: 'y y y y y n ?',
  'opco-2i': 'y n y y n n ?',
  'opco-ep': 'y t y y n n y',
  'opco-mobilites': 'y y y y y n ?',
  'opco-sante': 'n n n ? n n ?',
  uniformation: 'y n y n n n ?',
};

/** What a column stands for: method, path and our name of each route (norm.md 3.2). */
const routesOf: Readonly<Record<string, readonly (readonly [string, EndpointName])[]>> = {
  dossiersV1: [
    ['GET /v1/dossiers', 'dossier'],
    ['GET /v1/dossiers/etats', 'etats'],
    ['GET /v1/dossiers/liste', 'liste'],
    ['POST /v1/dossiers', 'depositDossier'],
  ],
  dossiersV2: [
    ['GET /v2/dossiers', 'dossier'],
    ['GET /v2/dossiers/etats', 'etats'],
    ['POST /v2/dossiers', 'depositDossier'],
  ],
  conventions: [['POST /v1/conventions', 'depositConvention']],
  factures: [['POST /v1/factures', 'depositFacture']],
  facturesEtats: [['GET /v2/factures/etats', 'facturesEtats']],
  certificats: [['POST /v2/certificats', 'depositCertificat']],
  documents: [['POST /v1/documents', 'depositDocument']],
};

/** Come with the V2 protocol in production (product.md 10), not with its test phase. */
const withV2: readonly (readonly [string, EndpointName])[] = [
  ['GET /v2/cfakeyinfo', 'cfakeyinfo'],
  ['POST /v2/dossiers/rupture/employeur', 'depositRupture'],
];

/** These spell the invoice route with a capital; the other spelling is not found there. */
const capitalF = new Set<OpcoId>(['akto', 'atlas', 'opco-mobilites']);

/** The routes of one OPCO by `METHOD /path`. */
export function normRoutes(opcoId: OpcoId): ReadonlyMap<string, NormRoute> {
  const routes = new Map<string, NormRoute>();
  const add = (dormant: boolean, pairs: readonly (readonly [string, EndpointName])[]) => {
    for (const [path, name] of pairs) {
      const spelled = name === 'depositFacture' && capitalF.has(opcoId) ? path.replace('factures', 'Factures') : path;
      routes.set(spelled, { name, version: spelled.includes(' /v2/') ? 'v2' : 'v1', dormant });
    }
  };
  add(false, [['GET /v1/status', 'status']]);
  const cells = matrix[opcoId].split(' ');
  columns.forEach((column, index) => {
    if (cells[index] !== 'n') add(cells[index] !== 'y', routesOf[column] ?? []);
    if (column === 'dossiersV2' && cells[index] === 'y') add(false, withV2);
  });
  return routes;
}
