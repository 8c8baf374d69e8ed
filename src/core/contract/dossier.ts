import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { Cerfa, Contrat, Formation } from './cerfa.js';
import { essential, expected, known } from './drift.js';
import { etatField, numero } from './etats.js';
import { Apprenti, Employeur, LieuFormation, Maitre, OrganismeFormation } from './parties.js';
import { strict } from './scalars.js';

/** Body of `POST /:opcoId/dossiers`: one contract. */
export const DossierDeposit = Type.Object(
  { cerfa: Cerfa },
  { ...strict, $id: 'DossierDeposit', description: "Dépôt d'un contrat d'apprentissage" },
);
export type DossierDeposit = Static<typeof DossierDeposit>;

/** What an OPCO gives back for a contract it has taken. */
export const DepositDossierResult = Type.Object(
  {
    numeroInterne: numero("Identifiant technique chez l'OPCO"),
    numeroExterne: Type.Optional(numero('Numéro de dossier')),
    numeroDeca: Type.Optional(numero('Numéro de dépôt DECA')),
  },
  { $id: 'DepositDossierResult' },
);
export type DepositDossierResult = Static<typeof DepositDossierResult>;

const maybe = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]));
const amount = (description: string) => maybe(Type.Number({ description: `${description} (EUR)`, ...essential }));
const date = () => maybe(Type.String({ format: 'date', ...essential }));

/** One instalment of the funding; billable once `dateOuverture` is reached. */
export const Echeance = Type.Object(
  {
    numero: Type.Integer({ minimum: 0 }),
    codification: maybe(Type.String()),
    dateOuverture: date(),
    dateDebut: date(),
    dateFin: date(),
    montantTotal: amount('Montant'),
    dontMontantPedagogie: amount('Dont pédagogie'),
    dontMajorationRqth: amount('Dont majoration RQTH'),
    montantRegle: amount('Réglé'),
    montantEnCoursInstruction: amount("En cours d'instruction"),
    siretCfa: maybe(Type.String()),
  },
  { $id: 'Echeance' },
);
export type Echeance = Static<typeof Echeance>;

/** A commitment on extras: meals, nights, equipment, mobility. */
export const EngagementFraisAnnexe = Type.Object(
  {
    natureFrais: Type.String(),
    quantite: maybe(Type.Number()),
    prixUnitaire: amount('Prix unitaire'),
    montantTotal: amount('Montant'),
  },
  { $id: 'EngagementFraisAnnexe' },
);
export type EngagementFraisAnnexe = Static<typeof EngagementFraisAnnexe>;

/** What may still be billed. */
export const DetailsFacturation = Type.Object(
  {
    fraisPremierEquipementRegles: maybe(Type.Boolean()),
    fraisMobiliteRegles: maybe(Type.Boolean()),
    plafondFraisPremierEquipement: amount('Plafond du premier équipement'),
    plafondFraisMobilite: amount('Plafond de mobilité'),
    periodesFraisAnnexes: maybe(Type.Array(Type.Object({ numeroEcheance: Type.Integer(), nature: Type.String() }))),
  },
  { $id: 'DetailsFacturation' },
);
export type DetailsFacturation = Static<typeof DetailsFacturation>;

const part = (contract: TObject, shown: object = {}) =>
  maybe(
    Type.Object(
      {},
      {
        additionalProperties: true,
        description: 'Comme au dépôt, champs inconnus conservés',
        ...known(Object.keys(contract.properties)),
        ...shown,
      },
    ),
  );

/** The contract as an OPCO shows it: numbers and state are certain, the parts are shown as they come. */
export const CerfaLu = Type.Object(
  {
    numeroInterne: numero("Identifiant technique chez l'OPCO"),
    numeroExterne: Type.Optional(numero('Numéro de dossier')),
    numeroDeca: Type.Optional(numero('Numéro de dépôt DECA')),
    etat: etatField(),
    commentaireEtat: maybe(Type.String({ maxLength: 5000 })),
    versionCERFA: maybe(Type.String({ description: 'Version du formulaire' })),
    CERFASignatureProbante: maybe(Type.Boolean({ description: 'Signature électronique probante' })),
    employeur: part(Employeur, expected),
    apprenti: part(Apprenti, expected),
    maitre1: part(Maitre),
    maitre2: part(Maitre),
    formation: part(Formation, expected),
    contrat: part(Contrat, expected),
    organismeFormation: part(OrganismeFormation, expected),
    organismeFormationLieuFormationPrincipal: part(LieuFormation),
  },
  { $id: 'CerfaLu' },
);
export type CerfaLu = Static<typeof CerfaLu>;

/** Answer of `GET /:opcoId/dossiers`: contract, schedule and commitments (norm.md 3.10). `echeances` is null while not examined. */
export const Dossier = Type.Object(
  {
    comment: maybe(Type.String()),
    engagement: amount('Montant engagé'),
    cerfa: CerfaLu,
    echeances: maybe(Type.Array(Echeance, { ...essential, ...expected })),
    engagementsFraisAnnexe: maybe(Type.Array(EngagementFraisAnnexe)),
    detailsFacturation: maybe(DetailsFacturation),
  },
  { $id: 'Dossier' },
);
export type Dossier = Static<typeof Dossier>;
