import Type, { type Static } from 'typebox';
import { diplomes, modesContractuels, typesContratApp, typesDerogation } from './code-lists.js';
import { Apprenti, Employeur, LieuFormation, Maitre, OrganismeFormation } from './parties.js';
import { code, day, euros, formatted, integer, optional, strict, text } from './scalars.js';

/** The diploma and the course that leads to it. */
export const Formation = Type.Object(
  {
    rncp: formatted('^RNCP[0-9]{1,5}$', 'Code RNCP', 'RNCP12345'),
    codeDiplome: formatted('^[0-9A-Z]{8}$', 'Code diplôme', '46025701'),
    typeDiplome: code(diplomes, 'Diplôme ou titre visé'),
    intituleQualification: text(255),
    dateDebutFormation: day(),
    dateFinFormation: day(),
    dureeFormation: integer(1, 9999, 'Heures de formation'),
    nombreHeuresEnDistanciel: optional(integer(0, 9999, 'Dont heures à distance (V14)')),
    dateObtentionDiplome: optional(day()),
  },
  { ...strict, $id: 'Formation' },
);
export type Formation = Static<typeof Formation>;

/** One pay period: two a year at most, contiguous, covering the contract. */
export const RemunerationAnnuelle = Type.Object(
  {
    dateDebut: day(),
    dateFin: day(),
    taux: Type.Number({ minimum: 0, maximum: 300, description: 'Pour cent du SMIC ou du SMC' }),
    typeSalaire: Type.Enum(['SMIC', 'SMC'], { type: 'string' }),
    ordre: formatted('^[1-4]\\.[12]$', 'Année et période', '1.1'),
  },
  { ...strict, $id: 'RemunerationAnnuelle' },
);
export type RemunerationAnnuelle = Static<typeof RemunerationAnnuelle>;

/** The apprenticeship contract itself. */
export const Contrat = Type.Object(
  {
    modeContractuel: code(modesContractuels, 'Mode contractuel'),
    typeContratApp: code(typesContratApp, "Type de contrat ou d'avenant"),
    numeroContratPrecedent: optional(text(20)),
    noContrat: optional(text(20)),
    noAvenant: optional(text(20)),
    dateConclusion: day(),
    dateDebutContrat: day(),
    dateFormationPratiqueEmployeur: day(),
    dateFinContrat: day(),
    dateEffetAvenant: optional(day()),
    dateRupture: optional(day()),
    lieuSignatureContrat: text(80),
    typeDerogation: optional(code(typesDerogation, 'Dérogation')),
    dureeTravailHebdoHeures: integer(1, 99),
    dureeTravailHebdoMinutes: integer(0, 59),
    travailRisque: Type.Boolean(),
    salaireEmbauche: euros('Salaire brut mensuel'),
    avantageNourriture: optional(euros('Par repas', 9999.99)),
    avantageLogement: optional(euros('Par mois', 99_999.99)),
    autreAvantageEnNature: Type.Boolean(),
    remunerationsAnnuelles: Type.Array(RemunerationAnnuelle, { minItems: 1, maxItems: 8 }),
  },
  { ...strict, $id: 'Contrat' },
);
export type Contrat = Static<typeof Contrat>;

/** The versions of the form that are still accepted; the first is the current one. */
export const versionsCerfa = ['10103*14', '10103*13', '10103*12', '10103*11', '10103*10'] as const;

/** CERFA 10103*14: the apprenticeship contract as the norm exchanges it, dates as `YYYY-MM-DD` (norm.md 3.7). */
export const Cerfa = Type.Object(
  {
    versionCERFA: Type.Enum([...versionsCerfa], { type: 'string' }),
    CERFASignatureProbante: Type.Boolean({ description: 'Le contrat porte une signature électronique probante' }),
    etat: Type.Optional(
      Type.Literal('TRANSMIS', { description: 'Toujours TRANSMIS au dépôt ; posé par Opcovia si absent' }),
    ),
    commentaireEtat: optional(text(500)),
    employeur: Employeur,
    apprenti: Apprenti,
    maitre1: Maitre,
    maitre2: optional(Maitre),
    formation: Formation,
    contrat: Contrat,
    organismeFormation: OrganismeFormation,
    organismeFormationLieuFormationPrincipal: optional(LieuFormation),
  },
  { ...strict, $id: 'Cerfa' },
);
export type Cerfa = Static<typeof Cerfa>;
