import { opcoIds, type OpcoId } from '../core/endpoint.js';

/** The OPCOs that the sandbox plays so far. */
export const playedOpcos = ['afdas', 'akto', 'opco-ep'] as const satisfies readonly OpcoId[];
/** An OPCO that the sandbox plays. */
export type PlayedOpco = (typeof playedOpcos)[number];

/** Which call an error answers: two OPCOs word the same error otherwise on another route. */
export type RouteName = 'status' | 'dossier' | 'etats' | 'depositDossier' | 'depositDocument' | 'other';

/** How one OPCO differs, written apart from the adapters on purpose: a mistake there must not hide itself here. */
export interface Dialect {
  readonly id: PlayedOpco;
  readonly versions: readonly string[];
  /** V2 is served besides V1. */
  readonly pages: boolean;
  readonly scope?: string;
  readonly dpop: boolean;
  readonly unknownNumberStatus: 400 | 404;
  /** Identifiers as JSON numbers, `sexe` as 1/2, `RUPTU`, parts suffixed `V2`: what AKTO's models do. */
  readonly dirty: boolean;
  numeroInterne(rank: number): string;
  numeroExterne(rank: number): string;
  error(code: string, text: string, route: RouteName): unknown;
}

const listed = (code: string, description: string) => ({ errors: [{ code, description }] });
const padded = (value: number, length: number) => String(value).padStart(length, '0');

/** The three dialects by slug (norm.md 3.3, 3.10, 3.13). */
export const dialects: Readonly<Record<PlayedOpco, Dialect>> = {
  akto: {
    id: 'akto',
    versions: ['1.0', '2.0'],
    pages: true,
    scope: 'api.read api.write',
    dpop: false,
    unknownNumberStatus: 404,
    dirty: true,
    numeroInterne: (rank) => String(rank),
    numeroExterne: (rank) => `A${padded(rank, 9)}`,
    error: (code, text, route) => (route === 'depositDocument' ? { Description: text } : listed(code, text)),
  },
  'opco-ep': {
    id: 'opco-ep',
    versions: ['1.0'],
    pages: false,
    dpop: false,
    unknownNumberStatus: 400,
    dirty: false,
    numeroInterne: (rank) => `EP${padded(rank, 8)}`,
    numeroExterne: (rank) => `DOS-${padded(rank, 8)}`,
    error: (_code, text) => ({ errors: null, comment: text }),
  },
  afdas: {
    id: 'afdas',
    versions: ['1.0'],
    pages: false,
    dpop: true,
    unknownNumberStatus: 404,
    dirty: false,
    numeroInterne: (rank) => `AF-${padded(rank, 8)}`,
    numeroExterne: (rank) => `${padded(rank, 8)}-01`,
    error: (code, text) => ({ ...listed(code, text), description: text }),
  },
};

/** The dialect of a path's first segment; undefined where the sandbox plays nobody of that name. */
export function dialectOf(slug: string): Dialect | undefined {
  return (opcoIds as readonly string[]).includes(slug) && Object.hasOwn(dialects, slug)
    ? dialects[slug as PlayedOpco]
    : undefined;
}
