import type { EndpointName, OpcoId } from '../core/endpoint.js';
import type { Dirt } from './dirt.js';
import type { Pace } from './lifecycle.js';
import type { NormRoute } from './norm-routes.js';

/** Which call an error answers; `other` is no route of the OPCO. */
export type RouteName = EndpointName | 'other';

/** A refusal before an OPCO words it. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly route: RouteName;
}

/** A token server that wants a scope. */
export interface DemandedScope {
  readonly kind: 'demanded';
  /** Words in any order (RFC 6749, 3.3). */
  readonly value: string;
  /** `.default` is taken too, bare or after the identifier of a resource, as Azure AD has it. */
  readonly orDefault?: true;
}

/** How one OPCO differs, written apart from the adapters on purpose: a mistake there must not hide itself here. */
export interface Dialect {
  readonly id: OpcoId;
  readonly versions: readonly string[];
  /** By `METHOD /path`. */
  readonly routes: ReadonlyMap<string, NormRoute>;
  /** `any`: the norm does not say, whatever comes is taken. `none`: a scope is refused. */
  readonly scope: DemandedScope | { readonly kind: 'none' | 'any' };
  readonly dpop: boolean;
  readonly unknownNumberStatus: 400 | 404;
  /** For a dossier in the wrong state and for a second deposit of the same thing. */
  readonly conflictStatus: 400 | 409 | 422;
  /** Refuses a contract that it holds already; the others take it twice, as the norm lets them. */
  readonly refusesTwins: boolean;
  /** Identifiers are JSON numbers. */
  readonly numericIds: boolean;
  /** `sexe` is 1 or 2. */
  readonly sexeDigits: boolean;
  /** The state RUPTURE as this OPCO spells it. */
  readonly rupture: 'RUPTURE' | 'RUPTU' | 'RUTPURE';
  /** V2 reads carry `employeurV2`. */
  readonly suffixedV2: boolean;
  /** V2 pages come as an array of one element. */
  readonly wrapsPages: boolean;
  readonly pace: Pace;
  /** Cents that it pays for mobility at most, where a convention mentions it. */
  readonly mobiliteCents: number;
  /** What may be wrong in what it shows. */
  readonly habits: readonly Dirt[];
  /** A civil day as this OPCO writes it: midnight with time and zone. */
  instant(date: string): string;
  numeroInterne(rank: number): string;
  numeroExterne(rank: number): string;
  numeroInterneFacture(rank: number): string;
  error(fault: Fault): unknown;
}

/** An identifier as this OPCO's JSON shows it. */
export function identifier({ numericIds }: Dialect, numero: string): string | number {
  return numericIds && /^[0-9]+$/.test(numero) ? Number(numero) : numero;
}

const errorsOf = ({ code, text }: Fault) => ({ errors: [{ code, description: text }] });

/** The error bodies of norm.md 3.13. The documents route words its own everywhere but at OPCO EP. */
export const errorShapes = {
  usual: (fault: Fault) => (fault.route === 'depositDocument' ? { Description: fault.text } : errorsOf(fault)),
  /** A 400 says it at the top level. */
  atlas: (fault: Fault) =>
    fault.status === 400 && fault.route !== 'depositDocument' ? { description: fault.text } : errorShapes.usual(fault),
  afdas: (fault: Fault) =>
    fault.route === 'depositDocument' ? { Description: fault.text } : { ...errorsOf(fault), description: fault.text },
  opcoEp: ({ text }: Fault) => ({ errors: null, comment: text }),
} as const;
