import Type, { type Static, type TSchema } from 'typebox';
import { essential } from './drift.js';
import { numero } from './etats.js';

const maybe = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));
const words = (description: string, maxLength = 200) => maybe(Type.String({ maxLength, description }));
const amount = (description: string) => maybe(Type.Number({ description: `${description} (EUR)`, ...essential }));

/** The state of one invoice (norm.md 3.10). `etatFacture` is an open string: the norm's full list is not published. */
export const EtatFacture = Type.Object(
  {
    numeroInterneFacture: numero("Numéro de la facture chez l'OPCO"),
    referenceFactureCFA: words('Numéro de facture du CFA : le `numero` du dépôt'),
    montantFacture: amount('Montant'),
    etatFacture: Type.String({
      minLength: 1,
      maxLength: 60,
      description: 'État de la facture, liste ouverte ; connu : REGLE',
      examples: ['REGLE'],
    }),
    referenceVirement: words('Référence du virement'),
    dateReglement: maybe(Type.String({ format: 'date', description: 'Date de règlement', ...essential })),
    commentaire: words("Commentaire de l'OPCO", 5000),
    organismeFormation: maybe(
      Type.Object({ siret: words('SIRET du CFA'), IBAN: words('IBAN crédité') }, { description: 'CFA payé' }),
    ),
    dossiers: maybe(
      Type.Array(
        Type.Object({
          numeroInterneDossier: words('numeroInterne du dossier'),
          numeroExterneDossier: words('numeroExterne du dossier'),
          montant: amount('Part de ce dossier'),
        }),
        { description: 'Dossiers que la facture couvre' },
      ),
    ),
  },
  { $id: 'EtatFacture' },
);
export type EtatFacture = Static<typeof EtatFacture>;

/** One page as an OPCO gives it, in our words. `total` is null where unknown. */
export const FacturesUpstreamPage = Type.Object(
  {
    data: Type.Array(EtatFacture),
    total: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    page: Type.Integer({ minimum: 1 }),
  },
  { $id: 'FacturesUpstreamPage' },
);
export type FacturesUpstreamPage = Static<typeof FacturesUpstreamPage>;

/** Answer of `GET /:opcoId/factures/etats`. `total` is null where the OPCO does not say. */
export const FacturesPage = Type.Object(
  {
    data: Type.Array(EtatFacture),
    page: Type.Integer({ minimum: 1 }),
    limit: Type.Integer({ minimum: 1 }),
    total: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  },
  { $id: 'FacturesPage' },
);
export type FacturesPage = Static<typeof FacturesPage>;
