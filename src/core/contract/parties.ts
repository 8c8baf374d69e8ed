import Type, { type Static } from 'typebox';
import {
  dernieresClasses,
  diplomes,
  employeursSpecifiques,
  nationalites,
  niveauxDiplome,
  regimesSociaux,
  situationsAvantContrat,
  typesEmployeur,
} from './code-lists.js';
import { code, courriel, day, flag, formatted, integer, optional, siret, strict, telephone, text } from './scalars.js';

/** Thirteen characters, or fifteen with the check key; the key is a business rule. */
const nir = () =>
  formatted(
    '^[0-9]{6}[0-9AB]([0-9]{6}|[0-9]{8})$',
    'Numéro de sécurité sociale, 13 caractères ou 15 avec la clé',
    '299127512345678',
  );

/** A postal address, as the norm puts it on the wire. */
export const Adresse = Type.Object(
  {
    adresse1: text(80, 'Numéro et voie'),
    adresse2: optional(text(80, 'Complément')),
    codePostal: formatted('^[0-9]{5}$', 'Code postal', '75001'),
    commune: text(80, 'Commune'),
  },
  { ...strict, $id: 'Adresse', description: 'Adresse postale' },
);
export type Adresse = Static<typeof Adresse>;

/** The employer of the apprentice (norm.md 3.7). */
export const Employeur = Type.Object(
  {
    denomination: text(80, 'Raison sociale'),
    siret: siret('SIRET de l’établissement employeur'),
    naf: text(6, 'Code NAF'),
    nombreDeSalaries: integer(0, 9_999_999, 'Effectif salarié'),
    codeIdcc: formatted('^[0-9]{4}$', 'Convention collective (IDCC)', '1486'),
    libelleIdcc: optional(text(500, 'Libellé de la convention collective')),
    telephone: optional(telephone()),
    courriel: optional(courriel()),
    adresse: Adresse,
    nom: optional(text(200, "Nom de l'employeur personne physique")),
    prenom: optional(text(50, "Prénom de l'employeur personne physique")),
    typeEmployeur: code(typesEmployeur, "Type d'employeur"),
    employeurSpecifique: code(employeursSpecifiques, 'Employeur spécifique'),
    caisseComplementaire: optional(text(80, 'Caisse de retraite complémentaire')),
    regimeSpecifique: optional(
      Type.Boolean({ description: "Adhésion au régime spécifique d'assurance chômage (employeur public)" }),
    ),
    attestationEligibilite: Type.Boolean({
      description: "L'employeur atteste l'éligibilité du maître d'apprentissage",
    }),
    attestationPieces: Type.Boolean({ description: "L'employeur atteste disposer des pièces justificatives" }),
  },
  { ...strict, $id: 'Employeur', description: 'Employeur' },
);
export type Employeur = Static<typeof Employeur>;

/** Who answers for an apprentice who is a minor. */
export const ResponsableLegal = Type.Object(
  {
    nom: text(80, 'Nom'),
    prenom: text(80, 'Prénom'),
    courriel: optional(courriel()),
    adresse: Adresse,
  },
  { ...strict, $id: 'ResponsableLegal', description: "Représentant légal de l'apprenti mineur non émancipé" },
);
export type ResponsableLegal = Static<typeof ResponsableLegal>;

/** The apprentice: the most personal part of the contract. */
export const Apprenti = Type.Object(
  {
    nom: text(80, 'Nom de naissance'),
    nomUsage: optional(text(80, "Nom d'usage")),
    prenom: text(80, 'Premier prénom'),
    sexe: Type.Enum(['M', 'F'], { type: 'string', description: 'M ou F' }),
    nationalite: code(nationalites, 'Nationalité'),
    dateNaissance: day('Date de naissance'),
    departementNaissance: formatted('^[0-9AB]{1,3}$', 'Département de naissance, 099 à l’étranger', '075'),
    communeNaissance: text(80, 'Commune de naissance'),
    nir: optional(nir()),
    regimeSocial: code(regimesSociaux, 'Régime social'),
    handicap: Type.Boolean({ description: 'Reconnaissance de travailleur handicapé' }),
    situationAvantContrat: code(situationsAvantContrat, 'Situation avant le contrat'),
    diplome: code(diplomes, 'Diplôme ou titre le plus élevé obtenu'),
    derniereClasse: code(dernieresClasses, 'Dernière classe suivie'),
    diplomePrepare: code(diplomes, 'Dernier diplôme préparé'),
    intituleDiplomePrepare: text(255, 'Intitulé précis du dernier diplôme préparé'),
    telephone: optional(telephone()),
    courriel: optional(courriel()),
    adresse: Adresse,
    responsableLegal: optional(ResponsableLegal),
    inscriptionSportifDeHautNiveau: flag('Inscrit sur la liste des sportifs de haut niveau'),
    projetCreationRepriseEntreprise: flag("Projet de création ou de reprise d'entreprise"),
    droitsRqthExtensionBOE: optional(Type.Boolean({ description: 'CERFA V14, quand handicap est faux' })),
    droitsRqthEquivalenceJeune: optional(Type.Boolean({ description: 'CERFA V14, quand handicap est faux' })),
  },
  { ...strict, $id: 'Apprenti', description: 'Apprenti ou apprentie' },
);
export type Apprenti = Static<typeof Apprenti>;

/** A tutor in the company. */
export const Maitre = Type.Object(
  {
    nom: text(80, 'Nom'),
    prenom: text(80, 'Prénom'),
    dateNaissance: day('Date de naissance ; majeur au début du contrat'),
    nir: optional(nir()),
    courriel: optional(courriel()),
    emploiOccupe: optional(text(255, "Emploi occupé dans l'entreprise")),
    intituleDiplomeObtenu: optional(text(255, 'Diplôme ou titre le plus élevé obtenu')),
    niveauDiplomeObtenu: optional(code(niveauxDiplome, 'Niveau du diplôme obtenu')),
  },
  { ...strict, $id: 'Maitre', description: "Maître d'apprentissage" },
);
export type Maitre = Static<typeof Maitre>;

/** The training centre that signs. */
export const OrganismeFormation = Type.Object(
  {
    denomination: text(80, 'Dénomination du CFA'),
    formationInterne: Type.Boolean({ description: "CFA d'entreprise" }),
    siret: siret(),
    uaiCfa: formatted('^[0-9]{7}[A-Za-z]$', 'Numéro UAI', '0750001A'),
    visaCfa: Type.Boolean({ description: 'Le CFA a visé le contrat' }),
    adresse: Adresse,
    lieuFormationIdentique: Type.Boolean({ description: 'La formation a lieu à cette adresse' }),
  },
  { ...strict, $id: 'OrganismeFormation', description: 'CFA responsable de la formation' },
);
export type OrganismeFormation = Static<typeof OrganismeFormation>;

/** Where the training mostly takes place, when it is not at the signing centre. */
export const LieuFormation = Type.Object(
  {
    denomination: text(80, 'Dénomination du lieu'),
    siret: optional(siret()),
    uaiCfa: optional(formatted('^[0-9]{7}[A-Za-z]$', 'Numéro UAI', '0750001A')),
    adresse: Adresse,
  },
  { ...strict, $id: 'LieuFormation', description: 'Lieu principal de formation, quand il diffère du CFA' },
);
export type LieuFormation = Static<typeof LieuFormation>;
