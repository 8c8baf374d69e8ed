import { opcoIds, type OpcoId } from '../core/endpoint.js';
import { errorShapes, type Dialect } from './dialect.js';
import { normRoutes } from './norm-routes.js';
import { instants } from './paris-days.js';

const padded = (value: number, length: number) => String(value).padStart(length, '0');

/**
 * What an OPCO does of which the norm tells nothing particular. Number shapes, paces, mobility ceilings and habits are
 * invented, and differ on purpose.
 */
const plain = {
  scope: { kind: 'any' },
  dpop: false,
  unknownNumberStatus: 404,
  conflictStatus: 409,
  refusesTwins: false,
  numericIds: false,
  sexeDigits: false,
  rupture: 'RUPTURE',
  suffixedV2: false,
  wrapsPages: false,
  pace: { instruction: [1, 3], decision: [1, 3] },
  mobiliteCents: 50_000,
  habits: ['nuls', 'inconnus'],
  instant: instants.utc,
  numeroInterneFacture: (rank: number) => `FAC${padded(rank, 8)}`,
  error: errorShapes.usual,
} as const satisfies Partial<Dialect>;

/** The three that share one software, and its scopes (norm.md 3.3). */
const sor = { scope: { kind: 'demanded', value: 'api.read api.write' } } as const satisfies Partial<Dialect>;

type Named = Pick<Dialect, 'numeroInterne' | 'numeroExterne'> & Partial<Dialect>;

function dialect(id: OpcoId, named: Named): Dialect {
  const routes = normRoutes(id);
  const v2 = routes.get('GET /v2/dossiers');
  return { ...plain, ...named, id, routes, versions: v2 && !v2.dormant ? ['1.0', '2.0'] : ['1.0'] };
}

/** The eleven dialects by slug (norm.md 3.3, 3.6, 3.7, 3.10, 3.13). */
export const dialects: Readonly<Record<OpcoId, Dialect>> = {
  afdas: dialect('afdas', {
    scope: { kind: 'none' },
    dpop: true,
    pace: { instruction: [1, 4], decision: [2, 6] },
    habits: ['nuls', 'inconnus', 'codes-texte'],
    numeroInterne: (rank) => `AF-${padded(rank, 8)}`,
    numeroExterne: (rank) => `${padded(rank, 8)}-01`,
    error: errorShapes.afdas,
  }),
  akto: dialect('akto', {
    // Older and newer code of integrators: the server seems to have moved (norm.md 3.3).
    scope: { ...sor.scope, orDefault: true },
    numericIds: true,
    sexeDigits: true,
    rupture: 'RUPTU',
    suffixedV2: true,
    mobiliteCents: 100_000,
    habits: ['etat', 'nuls', 'textes-nombre'],
    numeroInterne: String,
    numeroExterne: (rank) => `A${padded(rank, 9)}`,
    numeroInterneFacture: (rank) => String(rank),
  }),
  atlas: dialect('atlas', {
    ...sor,
    refusesTwins: true,
    habits: ['nuls', 'inconnus', 'blancs'],
    instant: instants.zulu,
    numeroInterne: (rank) => padded(rank, 10),
    numeroExterne: (rank) => `ATL${padded(rank, 8)}`,
    error: errorShapes.atlas,
  }),
  constructys: dialect('constructys', {
    conflictStatus: 422,
    refusesTwins: true,
    pace: { instruction: [1, 5], decision: [3, 12] },
    habits: ['etat', 'blancs'],
    numeroInterne: (rank) => `CST${padded(rank, 9)}`,
    numeroExterne: (rank) => `${padded(rank, 9)}/APP`,
  }),
  opcommerce: dialect('opcommerce', {
    wrapsPages: true,
    mobiliteCents: 80_000,
    numeroInterne: (rank) => `OC${padded(rank, 9)}`,
    numeroExterne: (rank) => `2026-${padded(rank, 8)}`,
  }),
  ocapiat: dialect('ocapiat', {
    rupture: 'RUTPURE',
    pace: { instruction: [2, 5], decision: [2, 10] },
    habits: ['etat', 'nuls', 'blancs'],
    numeroInterne: (rank) => `OCA.${padded(rank, 8)}`,
    numeroExterne: (rank) => `CA${padded(rank, 8)}`,
  }),
  'opco-2i': dialect('opco-2i', {
    pace: { instruction: [1, 2], decision: [4, 14] },
    habits: ['fuseaux', 'nuls', 'codes-texte'],
    instant: instants.paris,
    numeroInterne: (rank) => `2I-${padded(rank, 8)}`,
    numeroExterne: (rank) => `I${padded(rank, 9)}`,
  }),
  'opco-ep': dialect('opco-ep', {
    scope: { kind: 'none' },
    unknownNumberStatus: 400,
    conflictStatus: 400,
    pace: { instruction: [1, 3], decision: [1, 8] },
    habits: ['etat', 'nuls', 'inconnus', 'textes-nombre'],
    numeroInterne: (rank) => `EP${padded(rank, 8)}`,
    numeroExterne: (rank) => `DOS-${padded(rank, 8)}`,
    error: errorShapes.opcoEp,
  }),
  'opco-mobilites': dialect('opco-mobilites', {
    ...sor,
    habits: ['fuseaux', 'inconnus'],
    instant: instants.paris,
    numeroInterne: (rank) => `M${padded(rank, 9)}`,
    numeroExterne: (rank) => `MOB-${padded(rank, 8)}`,
  }),
  'opco-sante': dialect('opco-sante', {
    numeroInterne: (rank) => `SA${padded(rank, 8)}`,
    numeroExterne: (rank) => `SANTE${padded(rank, 8)}`,
  }),
  uniformation: dialect('uniformation', {
    conflictStatus: 422,
    refusesTwins: true,
    pace: { instruction: [2, 6], decision: [3, 13] },
    instant: instants.zulu,
    numeroInterne: (rank) => `UNI${padded(rank, 8)}`,
    numeroExterne: (rank) => `U-${padded(rank, 8)}`,
  }),
};

/** The dialect of a path's first segment; undefined where the sandbox plays nobody of that name. */
export function dialectOf(slug: string): Dialect | undefined {
  return (opcoIds as readonly string[]).includes(slug) ? dialects[slug as OpcoId] : undefined;
}
