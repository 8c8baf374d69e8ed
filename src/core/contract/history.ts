import Type, { type Static } from 'typebox';
import { Dossier } from './dossier.js';
import { etatField } from './etats.js';
import { nullable } from './scalars.js';

const instant = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-11-27T09:30:00.000Z'] });
const value = (description: string) =>
  Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], { description });

/** One field that differs between two versions in a row. */
export const FieldDifference = Type.Object(
  {
    path: Type.String({
      description:
        'Le champ ; les lignes des listes y portent leur numéro (`/echeances/2/montantRegle` : l’échéance 2)',
      examples: ['/cerfa/etat'],
    }),
    class: Type.Enum(['etat', 'montant', 'date', 'contact', 'autre'], {
      type: 'string',
      description: 'De quoi il parle',
    }),
    before: value('Valeur dans la version d’avant ; null si le champ n’y était pas'),
    after: value('Valeur dans cette version ; null si le champ n’y est plus'),
  },
  { $id: 'FieldDifference' },
);
export type FieldDifference = Static<typeof FieldDifference>;

/** One operation of the patch (RFC 6902) that leads from the version before to this one. */
export const PatchStep = Type.Object(
  {
    op: Type.Enum(['add', 'remove', 'replace'], { type: 'string' }),
    path: Type.String({
      description: 'Pointeur JSON dans le dossier tel que rendu par `at`',
      examples: ['/cerfa/etat'],
    }),
    value: Type.Optional(Type.Unknown({ description: 'Absent pour `remove`' })),
  },
  { $id: 'PatchStep' },
);
export type PatchStep = Static<typeof PatchStep>;

const versionFields = {
  version: Type.Integer({ minimum: 1, description: 'Rang, depuis 1, sans trou' }),
  observedAt: instant('Depuis quand Opcovia le sait'),
  etat: etatField(),
  deleted: Type.Boolean({ description: "Vrai si, depuis cette version, l'OPCO n'a plus ce dossier" }),
};

/** A version in the list. */
export const HistoryVersion = Type.Object(
  {
    ...versionFields,
    changes: nullable(
      Type.Array(FieldDifference, {
        description: 'Champ par champ, sans le bruit ; null si la version d’avant n’est plus conservée',
      }),
    ),
    patch: nullable(
      Type.Array(PatchStep, {
        description:
          'JSON Patch depuis la version d’avant ; null pour la première, ou si celle d’avant n’est plus conservée',
      }),
    ),
  },
  { $id: 'HistoryVersion' },
);
export type HistoryVersion = Static<typeof HistoryVersion>;

/** Answer of `GET /:opcoId/dossiers/:numeroInterne/historique`. */
export const HistoryPage = Type.Object(
  {
    data: Type.Array(HistoryVersion),
    nextCursor: nullable(Type.String({ description: 'À rendre dans `cursor` pour la suite ; null à la fin' })),
  },
  { $id: 'HistoryPage' },
);
export type HistoryPage = Static<typeof HistoryPage>;

/** The same with `at`: the one version that was known at that instant. */
export const KnownVersion = Type.Object(
  {
    ...versionFields,
    at: instant('L’instant demandé ; maintenant, s’il est à venir'),
    until: nullable(instant('Jusqu’à quand ; null si c’est encore la dernière version')),
    dossier: nullable(Dossier),
  },
  { $id: 'KnownVersion' },
);
export type KnownVersion = Static<typeof KnownVersion>;
