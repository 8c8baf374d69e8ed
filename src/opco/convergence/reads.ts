import Type from 'typebox';
import type { Endpoint, UpstreamResponse } from '../../core/endpoint.js';
import { CfaKeyInfo, CfaKeyInfoQuery } from '../../core/contract/cfakeyinfo.js';
import { Dossier } from '../../core/contract/dossier.js';
import { EtatsUpstreamPage } from '../../core/contract/etats.js';
import { FacturesUpstreamPage } from '../../core/contract/factures-etats.js';
import { DossiersListe, ListeQuery, numerosOf } from '../../core/contract/liste.js';
import { OpcoStatus } from '../../core/contract/status.js';
import { etatRows, factureRows, readPage, readWhole } from './pages.js';
import { fromUpstream, isLoose, withoutNulls, type Loose } from './words.js';

const noQuery = Type.Object({}, { additionalProperties: false });

/** What each version of the norm answers at its status route, put into the three words of ours. */
const statusWords = new Map([
  ['healthy', 'healthy'],
  ['up', 'healthy'],
  ['ok', 'healthy'],
  ['degraded', 'degraded'],
  ['unhealthy', 'unhealthy'],
  ['down', 'unhealthy'],
]);

/** `GET v1/status`; the norm has it in V1 only. */
export const status: Endpoint = {
  name: 'status',
  kind: 'read',
  path: '/status',
  query: noQuery,
  answer: OpcoStatus,
  toRequest: () => ({ method: 'GET', segments: ['v1', 'status'], query: {} }),
  toAnswer: ({ body }) => {
    if (!isLoose(body)) return body;
    const word = typeof body['status'] === 'string' ? body['status'].toLowerCase() : '';
    return {
      ...body,
      status: statusWords.get(word) ?? body['status'],
      supportedVersions: body['supportedVersions'] ?? [],
      uptime: body['uptime'] ?? 0,
    };
  },
  ttlSeconds: () => 30,
  noStandIn: true,
};

const notFound = ({ status }: UpstreamResponse) => status === 404;

/** `GET v2/cfakeyinfo?siren=&XAPIKEY=` (norm.md 3.12b), in V2 only: the key to be judged travels in the query, and in X-API-KEY as on every call. */
export const cfakeyinfo: Endpoint = {
  name: 'cfakeyinfo',
  kind: 'read',
  path: '/cfakeyinfo',
  query: CfaKeyInfoQuery,
  answer: CfaKeyInfo,
  toRequest: ({ query }) => ({
    method: 'GET',
    segments: ['v2', 'cfakeyinfo'],
    query: { siren: String(query['siren']) },
    cfaKeyParameter: 'XAPIKEY',
  }),
  toAnswer: ({ body }) => {
    const read = fromUpstream(body);
    if (!isLoose(read)) return read;
    const { status: word, dateFinValidite = null, comment = null } = read;
    return { ...read, status: typeof word === 'string' ? word.toLowerCase() : word, dateFinValidite, comment };
  },
  ttlSeconds: () => 3600,
};

/** How one dossier is asked for; `isNotFound` where an OPCO says "unknown number" otherwise than by 404. */
export interface DossierDialect {
  readonly version: 'v1' | 'v2';
  readonly isNotFound?: (response: UpstreamResponse) => boolean;
}

/** `GET {version}/dossiers?numeroInterne=`. */
export function dossier({ version, isNotFound = notFound }: DossierDialect): Endpoint {
  return {
    name: 'dossier',
    kind: 'read',
    path: '/dossiers',
    query: Type.Object(
      { numeroInterne: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{Cc}\\p{Cs}]+$' }) },
      { additionalProperties: false },
    ),
    answer: Dossier,
    toRequest: ({ query }) => ({
      method: 'GET',
      segments: [version, 'dossiers'],
      query: { numeroInterne: String(query['numeroInterne']) },
    }),
    toAnswer: ({ body }) => readDossier(body),
    ttlSeconds: (answer) => dossierTtlSeconds(answer),
    isNotFound,
  };
}

/**
 * `GET v1/dossiers/liste?numerosInternes=`: the norm has it in V1 only. Of its answer no source shows more than that it
 * holds dossiers: an array of them, plain or under a name, or a single one.
 */
export function liste({ isNotFound = notFound }: Pick<DossierDialect, 'isNotFound'>): Endpoint {
  return {
    name: 'liste',
    kind: 'read',
    path: '/dossiers/liste',
    query: ListeQuery,
    answer: DossiersListe,
    toRequest: ({ query }) => ({
      method: 'GET',
      segments: ['v1', 'dossiers', 'liste'],
      query: { numerosInternes: String(query['numerosInternes']) },
    }),
    toAnswer: ({ body }, { query }) => readListe(body, numerosOf(String(query['numerosInternes']))),
    ttlSeconds: () => 120,
    isNotFound,
  };
}

function readListe(body: unknown, asked: readonly string[]): unknown {
  const rows = rowsOfListe(body);
  if (!rows) return body;
  const data = rows.map(readDossier);
  const found = new Set(data.map(numeroOf));
  return { data, introuvables: asked.filter((numero) => !found.has(numero)) };
}

function rowsOfListe(body: unknown): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body;
  if (!isLoose(body)) return undefined;
  if (isLoose(body['cerfa'])) return [body];
  return [body['dossiers'], body['Dossiers']].find((each) => Array.isArray(each));
}

function numeroOf(dossier: unknown): unknown {
  return isLoose(dossier) && isLoose(dossier['cerfa']) ? dossier['cerfa']['numeroInterne'] : undefined;
}

function readDossier(body: unknown): unknown {
  const read = fromUpstream(body);
  if (!isLoose(read) || !isLoose(read['cerfa'])) return read;
  const { numeroExterne, numeroDeca, ...cerfa } = read['cerfa'];
  return { ...read, cerfa: { ...cerfa, ...withoutNulls({ numeroExterne, numeroDeca }) } };
}

/** product.md 5: what still moves is kept two minutes, what is over six hours. */
const ttlByEtat = new Map([
  ['ENGAGE', 900],
  ['SOLDE', 21_600],
  ['ANNULE', 21_600],
  ['REFUSE', 21_600],
  ['RUPTURE', 21_600],
]);

/** Seconds a dossier may be kept, by its state; an unknown state counts as one that moves. */
export function dossierTtlSeconds(answer: unknown): number {
  const cerfa: Loose = isLoose(answer) && isLoose(answer['cerfa']) ? answer['cerfa'] : {};
  return ttlByEtat.get(String(cerfa['etat'])) ?? 120;
}

/** `GET v1/dossiers/etats`: everything in one array. */
export const etatsWhole: Endpoint = {
  name: 'etats',
  kind: 'read',
  path: '/dossiers/etats',
  query: noQuery,
  answer: EtatsUpstreamPage,
  toRequest: () => ({ method: 'GET', segments: ['v1', 'dossiers', 'etats'], query: {} }),
  toAnswer: ({ body }) => readWhole(body) ?? body,
  ttlSeconds: () => 60,
};

/** `GET v2/dossiers/etats?numeroPage=`: pages from 1. */
export const etatsPages: Endpoint = {
  name: 'etats',
  ...paged({ segments: ['v2', 'dossiers', 'etats'], rows: etatRows }),
  path: '/dossiers/etats',
  answer: EtatsUpstreamPage,
};

/** `GET v2/factures/etats?numeroPage=`: the norm has it in V2 only. */
export const facturesEtats: Endpoint = {
  name: 'facturesEtats',
  ...paged({ segments: ['v2', 'factures', 'etats'], rows: factureRows }),
  path: '/factures/etats',
  answer: FacturesUpstreamPage,
};

function paged({ segments, rows }: { readonly segments: readonly string[]; readonly rows: readonly string[] }) {
  const numeroPage = Type.Integer({ minimum: 1, maximum: 1_000_000 });
  return {
    kind: 'read',
    query: Type.Object({ numeroPage }, { additionalProperties: false }),
    toRequest: ({ query }) => ({ method: 'GET', segments, query: { numeroPage: String(query['numeroPage']) } }),
    toAnswer: ({ body }, { query }) => readPage(body, Number(query['numeroPage']), rows) ?? body,
    ttlSeconds: () => 60,
  } satisfies Partial<Endpoint>;
}
