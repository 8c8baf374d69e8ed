import Type, { type Static } from 'typebox';
import { day, optional, reference, strict, text } from './scalars.js';

/**
 * Body of `POST /:opcoId/dossiers/rupture`. The norm names the route (`rupture/employeur`, V2) and no source shows its
 * body: this is the least that a termination says, under the names that the norm uses elsewhere.
 */
export const RuptureDeposit = Type.Object(
  {
    numeroInterne: reference("numeroInterne du dossier chez l'OPCO"),
    dateRupture: day('Date de rupture du contrat'),
    motif: optional(text(500, 'Motif, en clair')),
  },
  {
    ...strict,
    $id: 'RuptureDeposit',
    description: "Rupture d'un contrat. Corps déduit : la norme nomme la route sans en publier les champs",
  },
);
export type RuptureDeposit = Static<typeof RuptureDeposit>;

/** What an OPCO gives back for a termination; the norm demands nothing. */
export const DepositRuptureResult = Type.Object(
  {
    numeroInterne: Type.Optional(Type.String({ maxLength: 100 })),
    etat: Type.Optional(Type.String({ maxLength: 60, description: 'État du dossier, connu : RUPTURE' })),
  },
  { $id: 'DepositRuptureResult' },
);
export type DepositRuptureResult = Static<typeof DepositRuptureResult>;

/** A termination that holds, of the dossier of that number. */
export function exampleRupture(numeroInterne = 'INT-0001'): RuptureDeposit {
  return { numeroInterne, dateRupture: '2027-01-15', motif: "Rupture d'un commun accord" };
}
