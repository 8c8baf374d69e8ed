import Type from 'typebox';
import type { Endpoint, UpstreamResponse } from '../../core/endpoint.js';
import { Dossier } from '../../core/contract/dossier.js';
import { EtatsUpstreamPage } from '../../core/contract/etats.js';
import { OpcoStatus } from '../../core/contract/status.js';
import { readPage, readWhole } from './pages.js';
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
      status: statusWords.get(word) ?? body['status'],
      supportedVersions: body['supportedVersions'] ?? [],
      uptime: body['uptime'] ?? 0,
    };
  },
  ttlSeconds: () => 30,
  noStandIn: true,
};

/** How one dossier is asked for; `isNotFound` where an OPCO says "unknown number" otherwise than by 404. */
export interface DossierDialect {
  readonly version: 'v1' | 'v2';
  readonly isNotFound?: (response: UpstreamResponse) => boolean;
}

/** `GET {version}/dossiers?numeroInterne=`. */
export function dossier({ version, isNotFound = (response) => response.status === 404 }: DossierDialect): Endpoint {
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
  kind: 'read',
  path: '/dossiers/etats',
  query: Type.Object({ numeroPage: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, { additionalProperties: false }),
  answer: EtatsUpstreamPage,
  toRequest: ({ query }) => ({
    method: 'GET',
    segments: ['v2', 'dossiers', 'etats'],
    query: { numeroPage: String(query['numeroPage']) },
  }),
  toAnswer: ({ body }, { query }) => readPage(body, Number(query['numeroPage'])) ?? body,
  ttlSeconds: () => 60,
};
