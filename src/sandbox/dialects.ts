import { opcoIds, type OpcoId } from '../core/endpoint.js';
import { errorShapes, type Dialect } from './dialect.js';
import { normRoutes } from './norm-routes.js';
import { instants } from './paris-days.js';

const padded = (value: number, length: number) => String(value).padStart(length, '0');

/** What an OPCO does of which the norm tells nothing particular. Number shapes are invented, and differ on purpose. */
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
    numeroInterne: (rank) => `AF-${padded(rank, 8)}`,
    numeroExterne: (rank) => `${padded(rank, 8)}-01`,
    error: errorShapes.afdas,
  }),
  akto: dialect('akto', {
    ...sor,
    numericIds: true,
    sexeDigits: true,
    rupture: 'RUPTU',
    suffixedV2: true,
    numeroInterne: String,
    numeroExterne: (rank) => `A${padded(rank, 9)}`,
    numeroInterneFacture: (rank) => String(rank),
  }),
  atlas: dialect('atlas', {
    ...sor,
    refusesTwins: true,
    instant: instants.zulu,
    numeroInterne: (rank) => padded(rank, 10),
    numeroExterne: (rank) => `ATL${padded(rank, 8)}`,
    error: errorShapes.atlas,
  }),
  constructys: dialect('constructys', {
    conflictStatus: 422,
    refusesTwins: true,
    numeroInterne: (rank) => `CST${padded(rank, 9)}`,
    numeroExterne: (rank) => `${padded(rank, 9)}/APP`,
  }),
  opcommerce: dialect('opcommerce', {
    wrapsPages: true,
    numeroInterne: (rank) => `OC${padded(rank, 9)}`,
    numeroExterne: (rank) => `2026-${padded(rank, 8)}`,
  }),
  ocapiat: dialect('ocapiat', {
    rupture: 'RUTPURE',
    numeroInterne: (rank) => `OCA.${padded(rank, 8)}`,
    numeroExterne: (rank) => `CA${padded(rank, 8)}`,
  }),
  'opco-2i': dialect('opco-2i', {
    instant: instants.paris,
    numeroInterne: (rank) => `2I-${padded(rank, 8)}`,
    numeroExterne: (rank) => `I${padded(rank, 9)}`,
  }),
  'opco-ep': dialect('opco-ep', {
    scope: { kind: 'none' },
    unknownNumberStatus: 400,
    conflictStatus: 400,
    numeroInterne: (rank) => `EP${padded(rank, 8)}`,
    numeroExterne: (rank) => `DOS-${padded(rank, 8)}`,
    error: errorShapes.opcoEp,
  }),
  'opco-mobilites': dialect('opco-mobilites', {
    ...sor,
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
    instant: instants.zulu,
    numeroInterne: (rank) => `UNI${padded(rank, 8)}`,
    numeroExterne: (rank) => `U-${padded(rank, 8)}`,
  }),
};

/** The dialect of a path's first segment; undefined where the sandbox plays nobody of that name. */
export function dialectOf(slug: string): Dialect | undefined {
  return (opcoIds as readonly string[]).includes(slug) ? dialects[slug as OpcoId] : undefined;
}
