import Type, { type Static } from 'typebox';
import { Dossier } from './dossier.js';

/** More numbers make the URL and the answer longer than an OPCO bears. */
export const mostNumeros = 50;

/** Query of `GET /:opcoId/dossiers/liste`. */
export const ListeQuery = Type.Object(
  {
    numerosInternes: Type.Refine(
      Type.String({
        minLength: 1,
        maxLength: 5000,
        pattern: `^[^,\\p{Cc}\\p{Cs}]{1,100}(?:,[^,\\p{Cc}\\p{Cs}]{1,100}){0,${mostNumeros - 1}}$`,
        description: `De 1 à ${mostNumeros} numeroInterne distincts, séparés par des virgules`,
        examples: ['INT-0001,INT-0002'],
      }),
      (value) => new Set(numerosOf(value)).size === numerosOf(value).length,
      () => 'Chaque numéro ne figure qu’une fois.',
    ),
  },
  { additionalProperties: false },
);
export type ListeQuery = Static<typeof ListeQuery>;

/** The numbers of such a query, in the order given. */
export function numerosOf(numerosInternes: string): string[] {
  return numerosInternes.split(',');
}

/** Answer of `GET /:opcoId/dossiers/liste`: what the OPCO knows, and the numbers it did not answer for. */
export const DossiersListe = Type.Object(
  {
    data: Type.Array(Dossier),
    introuvables: Type.Array(Type.String(), { description: "Numéros demandés auxquels l'OPCO n'a rien répondu" }),
  },
  { $id: 'DossiersListe' },
);
export type DossiersListe = Static<typeof DossiersListe>;
