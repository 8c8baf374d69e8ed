/** The code lists of CERFA 10103*14 (norm.md 3.8, notice 51649#09): code -> French label. */

/** Kinds of employer: below 20 private, from 21 public. */
export const typesEmployeur = {
  11: "inscrit au répertoire des métiers ou au registre des entreprises d'Alsace-Moselle",
  12: 'inscrit uniquement au registre du commerce et des sociétés',
  13: 'relevant de la mutualité sociale agricole',
  14: 'profession libérale',
  15: 'association',
  16: 'autre employeur privé',
  21: "service de l'État",
  22: 'commune',
  23: 'département',
  24: 'région',
  25: 'établissement public hospitalier',
  26: "établissement public local d'enseignement",
  27: "établissement public administratif de l'État",
  28: 'établissement public administratif local',
  29: 'autre employeur public',
  30: 'établissement public industriel et commercial',
} as const;

/** Employers with a rule of their own. */
export const employeursSpecifiques = {
  0: 'aucun',
  1: 'entreprise de travail temporaire',
  2: "groupement d'employeurs",
  3: 'employeur saisonnier',
  4: 'apprentissage familial',
} as const;

/** First contract, succession (2x) or amendment (3x). */
export const typesContratApp = {
  11: 'premier contrat',
  21: 'nouveau contrat, même employeur',
  22: 'nouveau contrat, autre employeur',
  23: 'nouveau contrat après rupture chez un autre employeur',
  31: "modification de la situation juridique de l'employeur",
  32: "changement d'employeur saisonnier",
  33: "prolongation après échec à l'examen",
  34: 'prolongation pour reconnaissance de travailleur handicapé',
  35: 'diplôme supplémentaire ou modifié',
  36: 'autres changements (maître, durée du travail, réduction de durée)',
  37: "modification du lieu d'exécution",
  38: 'modification du lieu de formation théorique',
} as const;

/** Legal form of the contract. */
export const modesContractuels = {
  1: 'à durée déterminée',
  2: "dans le cadre d'un CDI",
  3: 'travail temporaire',
  4: 'saisonnier avec deux employeurs',
} as const;

/** Derogations; none is null. */
export const typesDerogation = {
  11: 'âge inférieur à 16 ans',
  12: 'âge supérieur à 29 ans',
  21: 'durée plus courte',
  22: 'durée plus longue',
  50: 'cumul de dérogations',
  60: 'autre dérogation',
} as const;

/** What the apprentice did before. */
export const situationsAvantContrat = {
  1: 'scolaire',
  2: 'prépa apprentissage',
  3: 'étudiant',
  4: "contrat d'apprentissage",
  5: 'contrat de professionnalisation',
  6: 'contrat aidé',
  7: 'en formation au CFA avant contrat',
  8: 'en formation au CFA après rupture',
  9: 'stagiaire de la formation professionnelle',
  10: 'salarié',
  11: "demandeur d'emploi",
  12: 'inactif',
} as const;

/** Last class followed. */
export const dernieresClasses = {
  1: 'dernière année suivie et diplôme obtenu',
  11: '1re année validée',
  12: '1re année non validée',
  21: '2e année validée',
  22: '2e année non validée',
  31: '3e année validée',
  32: '3e année non validée',
  40: 'collège achevé',
  41: 'arrêt en 3e',
  42: 'arrêt en 4e',
} as const;

/** Diplomas and titles, highest first. */
export const diplomes = {
  80: 'doctorat',
  79: 'autre bac+5',
  76: 'école de commerce',
  75: 'ingénieur',
  73: 'master',
  69: 'autre bac+3 ou +4',
  64: 'BUT',
  63: 'licence générale',
  62: 'licence professionnelle',
  58: 'autre bac+2',
  55: 'DUT',
  54: 'BTS',
  49: 'autre niveau bac',
  44: 'diplôme de spécialisation professionnelle',
  43: 'bac technologique',
  42: 'bac général',
  41: 'bac professionnel',
  38: 'autre CAP ou BEP',
  35: 'certificat de spécialisation',
  34: 'BEP',
  33: 'CAP',
  26: 'certificat de formation générale',
  25: 'brevet',
  13: 'aucun',
} as const;

/** Level of the tutor's diploma. */
export const niveauxDiplome = {
  3: 'CAP ou BEP',
  4: 'bac',
  5: 'bac+2',
  6: 'bac+3 ou +4',
  7: 'bac+5',
  8: 'doctorat',
} as const;

/** Nationality, by right to work. */
export const nationalites = { 1: 'française', 2: 'Union européenne', 3: 'étrangère hors Union européenne' } as const;

/** Social protection scheme. */
export const regimesSociaux = { 1: 'MSA', 2: 'URSSAF' } as const;
