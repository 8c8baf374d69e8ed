import Type, { type Static } from 'typebox';

/** The states of a dossier that the norm names. Answers keep an open string: a new state must not break a read. */
export const etatsDossier = [
  'TRANSMIS',
  'EN_COURS_INSTRUCTION',
  'ENGAGE',
  'ANNULE',
  'REFUSE',
  'RUPTURE',
  'SOLDE',
] as const;

/** The state as an answer shows it, known spellings put right. */
export const etatField = () =>
  Type.String({
    minLength: 1,
    maxLength: 60,
    description: `État du dossier ; connus : ${etatsDossier.join(', ')}`,
    examples: ['ENGAGE'],
  });

/** A number given by an OPCO; always text here, whatever it is there. */
export const numero = (description: string) => Type.String({ minLength: 1, maxLength: 100, description });

/** The three numbers of a dossier and where it stands. */
export const Etat = Type.Object(
  {
    numeroInterne: numero("Identifiant technique chez l'OPCO"),
    numeroExterne: Type.Optional(numero('Numéro de dossier, utilisé dans les factures')),
    numeroDeca: Type.Optional(numero('Numéro de dépôt DECA')),
    etat: etatField(),
    commentaireEtat: Type.Optional(Type.String({ maxLength: 5000, description: "Motif donné par l'OPCO" })),
  },
  { $id: 'Etat' },
);
export type Etat = Static<typeof Etat>;

/** One page as an OPCO gives it, in our words; a V1 array is one page with everything. `total` is null where unknown. */
export const EtatsUpstreamPage = Type.Object(
  {
    data: Type.Array(Etat),
    total: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    page: Type.Integer({ minimum: 1 }),
  },
  { $id: 'EtatsUpstreamPage' },
);
export type EtatsUpstreamPage = Static<typeof EtatsUpstreamPage>;
