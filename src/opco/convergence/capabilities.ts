import type { Capability, Trial } from '../../core/endpoint.js';

/** The day on which the norm's portal was read (norm.md 3.4): everything said here is as of then. */
export const readOn = '2026-07-28';

/** The day as our notes write it. */
export const reading = `relevé du ${readOn}`;

type Said = Pick<Capability, 'since' | 'note'>;

/** In production in protocol V1; `note` is French. */
export const v1 = (said: Said = {}): Capability => ({ state: 'supported', norm: 'v1', ...said });

/** In production in protocol V2. */
export const v2 = (said: Said = {}): Capability => ({ state: 'supported', norm: 'v2', ...said });

/** Nobody said whether the OPCO has it: served only where the operator enables it. */
export const unknown = (norm: 'v1' | 'v2', note: string): Capability => ({ state: 'unknown', norm, note });

/** A newer version that the OPCO tries out beside the one in production. */
export const inTest = (norm: 'v2', note: string): Trial['capability'] => ({ state: 'test', norm, note });

/** The OPCO does not offer it (norm.md 3.4). */
export const absent = (note: string): Capability => ({ state: 'absent', note });

/** Invoices went into production in 2022 and 2023, OPCO by OPCO. */
export const factures = v1({ since: '2022', note: 'Facturation mise en production par les OPCO en 2022-2023.' });

/** The V2 states of invoices, where the V2 protocol is not in production. */
export const noEtats = absent(`États des factures pas encore proposés (${reading}).`);

/** What comes with the V2 protocol, where that one is still in development. */
export const v2InDevelopment = absent(`Route du protocole V2, en développement chez cet OPCO (${reading}).`);

/** Documents where the portal does not say; the route is common to protocol V1. */
export const documentsUnknown = unknown(
  'v1',
  `Le portail de la norme ne dit pas si cet OPCO propose les documents (${reading}) ; route commune du protocole V1.`,
);

/** Certificates without a route of their own: they are as certain as the documents that they fall back to. */
export const certificatsByDocuments = (documents: Capability): Capability => ({
  state: documents.state,
  norm: 'v1',
  note: `Route des certificats en développement chez cet OPCO (${reading}) : le fichier est transmis par les documents (CERTIFICAT_REALISATION), ce que dit le résultat du job.${documents.state === 'supported' ? '' : ' Les documents n’y sont pas confirmés.'}`,
});
