import Type, { type Static } from 'typebox';
import { diplomes, modesContractuels, typesContratApp, typesDerogation } from './code-lists.js';
import { Apprenti, Employeur, LieuFormation, Maitre, OrganismeFormation } from './parties.js';
import { code, day, euros, flag, formatted, integer, optional, strict, text } from './scalars.js';

/** The diploma and the course that leads to it. */
export const Formation = Type.Object(
  {
    rncp: formatted('^RNCP[0-9]{1,5}$', 'Code RNCP', 'RNCP12345'),
    codeDiplome: formatted('^[0-9A-Z]{8}$', 'Code diplôme', '46025701'),
    typeDiplome: code(diplomes, 'Diplôme ou titre visé'),
    intituleQualification: text(255, 'Intitulé précis de la certification visée'),
    dateDebutFormation: day('Début du cycle de formation'),
    dateFinFormation: day('Date prévue de fin des épreuves ou examens'),
    dureeFormation: integer(1, 9999, 'Heures de formation'),
    nombreHeuresEnDistanciel: optional(integer(0, 9999, 'Dont heures à distance (V14)')),
    dateObtentionDiplome: optional(day("Date d'obtention du diplôme, quand il est déjà obtenu")),
  },
  { ...strict, $id: 'Formation', description: 'Certification visée et formation qui y mène' },
);
export type Formation = Static<typeof Formation>;

/** One pay period: two a year at most, contiguous, covering the contract. */
export const RemunerationAnnuelle = Type.Object(
  {
    dateDebut: day('Premier jour de la période'),
    dateFin: day('Dernier jour de la période'),
    taux: Type.Number({ minimum: 0, maximum: 300, description: 'Pour cent du SMIC ou du SMC' }),
    typeSalaire: Type.Enum(['SMIC', 'SMC'], {
      type: 'string',
      description: 'Base : SMIC, ou salaire minimum conventionnel (SMC)',
    }),
    ordre: formatted('^[1-4]\\.[12]$', 'Année et période', '1.1'),
  },
  { ...strict, $id: 'RemunerationAnnuelle', description: 'Une période de rémunération' },
);
export type RemunerationAnnuelle = Static<typeof RemunerationAnnuelle>;

/** The apprenticeship contract itself. */
export const Contrat = Type.Object(
  {
    modeContractuel: code(modesContractuels, 'Mode contractuel'),
    typeContratApp: code(typesContratApp, "Type de contrat ou d'avenant"),
    numeroContratPrecedent: optional(text(20, 'Numéro du contrat précédent ou du contrat sur lequel porte l’avenant')),
    noContrat: optional(text(20, 'Numéro de contrat')),
    noAvenant: optional(text(20, "Numéro d'avenant")),
    dateConclusion: day('Date de conclusion (signature)'),
    dateDebutContrat: day("Début d'exécution du contrat"),
    dateFormationPratiqueEmployeur: day('Début de formation pratique chez l’employeur'),
    dateFinContrat: day('Fin du contrat ou de la période d’apprentissage'),
    dateEffetAvenant: optional(day("Date d'effet de l'avenant")),
    dateRupture: optional(day('Date de rupture')),
    lieuSignatureContrat: text(80, 'Lieu de signature'),
    typeDerogation: optional(code(typesDerogation, 'Dérogation')),
    dureeTravailHebdoHeures: integer(1, 99, 'Durée hebdomadaire du travail, heures ; 40 au plus'),
    dureeTravailHebdoMinutes: integer(0, 59, 'Durée hebdomadaire du travail, minutes'),
    travailRisque: flag('Travail sur machines dangereuses ou exposition à des risques particuliers'),
    salaireEmbauche: euros('Salaire brut mensuel à l’embauche'),
    avantageNourriture: optional(euros('Nourriture, par repas', 9999.99)),
    avantageLogement: optional(euros('Logement, par mois', 99_999.99)),
    autreAvantageEnNature: flag('Autre avantage en nature'),
    remunerationsAnnuelles: Type.Array(RemunerationAnnuelle, {
      minItems: 1,
      maxItems: 8,
      description: 'Périodes contiguës qui couvrent exactement le contrat, deux par année au plus',
    }),
  },
  { ...strict, $id: 'Contrat', description: "Contrat d'apprentissage" },
);
export type Contrat = Static<typeof Contrat>;

/** The versions of the form that are still accepted; the first is the current one. */
export const versionsCerfa = ['10103*14', '10103*13', '10103*12', '10103*11', '10103*10'] as const;

/** CERFA 10103*14: the apprenticeship contract as the norm exchanges it, dates as `YYYY-MM-DD` (norm.md 3.7). */
export const Cerfa = Type.Object(
  {
    versionCERFA: Type.Enum([...versionsCerfa], { type: 'string', description: 'Version du formulaire' }),
    CERFASignatureProbante: Type.Boolean({ description: 'Le contrat porte une signature électronique probante' }),
    etat: Type.Optional(
      Type.Literal('TRANSMIS', { description: 'Toujours TRANSMIS au dépôt ; posé par Opcovia si absent' }),
    ),
    commentaireEtat: optional(text(500, "Commentaire sur l'état")),
    employeur: Employeur,
    apprenti: Apprenti,
    maitre1: Maitre,
    maitre2: optional(Maitre),
    formation: Formation,
    contrat: Contrat,
    organismeFormation: OrganismeFormation,
    organismeFormationLieuFormationPrincipal: optional(LieuFormation),
  },
  { ...strict, $id: 'Cerfa', description: 'CERFA 10103*14, dates AAAA-MM-JJ' },
);
export type Cerfa = Static<typeof Cerfa>;
