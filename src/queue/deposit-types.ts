import type { EndpointName } from '../core/endpoint.js';

/** The word of our route -> the capability of the norm. A job's `type` is the word of the route it came in by. */
export const depositTypes = {
  dossiers: 'depositDossier',
  conventions: 'depositConvention',
  factures: 'depositFacture',
  certificats: 'depositCertificat',
  documents: 'depositDocument',
  rupture: 'depositRupture',
  /** Of its first step; the others are planned in the job. */
  complet: 'depositDossier',
} as const satisfies Record<string, EndpointName>;

/** One of the words of `depositTypes`. */
export type DepositType = keyof typeof depositTypes;

/** The endpoint that a stored type stands for; throws on a type that a newer release wrote. */
export function endpointOf(type: string): EndpointName {
  if (!Object.hasOwn(depositTypes, type)) throw new Error('A job of an unknown type');
  return depositTypes[type as DepositType];
}
