import type { Finding } from '../errors.js';
import { addDays, ageOn, monthsBetween } from './calendar.js';
import type { Cerfa } from './cerfa.js';
import { nirHolds } from './nir.js';

/** One business rule of norm.md 3.9: silent, or what it found. It may rely on the shape being right. */
type Rule = (cerfa: Cerfa) => readonly Finding[];

const finding = (pointer: string, code: string, message: string): Finding => ({
  pointer: `/cerfa${pointer}`,
  code,
  message,
});
const when = (broken: boolean, ...[pointer, code, message]: Parameters<typeof finding>): readonly Finding[] =>
  broken ? [finding(pointer, code, message)] : [];

const conclusionDates: Rule = ({ contrat }) => [
  ...when(
    contrat.dateConclusion < '2020-01-01',
    '/contrat/dateConclusion',
    'date_too_old',
    'La conclusion ne peut précéder le 2020-01-01.',
  ),
  ...when(
    contrat.dateConclusion > contrat.dateDebutContrat,
    '/contrat/dateConclusion',
    'date_order',
    'La conclusion ne peut suivre le début du contrat.',
  ),
];

const contractLength: Rule = ({ contrat }) => {
  if (contrat.dateFinContrat <= contrat.dateDebutContrat) {
    return [finding('/contrat/dateFinContrat', 'date_order', 'La fin du contrat doit suivre son début.')];
  }
  // The last day is worked: 2026-09-01 to 2027-02-28 is six months.
  const months = monthsBetween(contrat.dateDebutContrat, addDays(contrat.dateFinContrat, 1));
  return when(months < 6 || months > 54, '/contrat/dateFinContrat', 'duration', 'Le contrat dure de 6 à 54 mois.');
};

const trainingLength: Rule = ({ formation }) => {
  if (formation.dateFinFormation <= formation.dateDebutFormation) {
    return [finding('/formation/dateFinFormation', 'date_order', 'La fin de la formation doit suivre son début.')];
  }
  const months = monthsBetween(formation.dateDebutFormation, addDays(formation.dateFinFormation, 1));
  return when(
    months < 6 || months > 48,
    '/formation/dateFinFormation',
    'duration',
    'La formation dure de 6 à 48 mois.',
  );
};

const remoteHours: Rule = ({ formation }) =>
  when(
    (formation.nombreHeuresEnDistanciel ?? 0) > formation.dureeFormation,
    '/formation/nombreHeuresEnDistanciel',
    'hours',
    'Les heures à distance ne peuvent dépasser la durée de la formation.',
  );

const weeklyTime: Rule = ({ contrat }) =>
  when(
    contrat.dureeTravailHebdoHeures * 60 + contrat.dureeTravailHebdoMinutes > 2400,
    '/contrat/dureeTravailHebdoHeures',
    'working_time',
    'La durée hebdomadaire ne peut dépasser 40 heures.',
  );

const apprenticeAge: Rule = ({ apprenti, contrat }) => {
  const age = ageOn(apprenti.dateNaissance, contrat.dateDebutContrat);
  const derogation = contrat.typeDerogation;
  return [
    ...when(
      age < 16 && derogation !== 11 && derogation !== 50,
      '/contrat/typeDerogation',
      'age',
      'Avant 16 ans, la dérogation 11 ou 50 est nécessaire.',
    ),
    ...when(
      age >= 30 && derogation !== 12 && derogation !== 50,
      '/contrat/typeDerogation',
      'age',
      'À partir de 30 ans, la dérogation 12 ou 50 est nécessaire.',
    ),
  ];
};

const tutorAge: Rule = ({ maitre1, maitre2, contrat }) => [
  ...when(
    ageOn(maitre1.dateNaissance, contrat.dateDebutContrat) < 18,
    '/maitre1/dateNaissance',
    'age',
    "Le maître d'apprentissage est majeur au début du contrat.",
  ),
  ...when(
    !!maitre2 && ageOn(maitre2.dateNaissance, contrat.dateDebutContrat) < 18,
    '/maitre2/dateNaissance',
    'age',
    "Le maître d'apprentissage est majeur au début du contrat.",
  ),
];

const amendment: Rule = ({ contrat }) => {
  if (contrat.typeContratApp < 31) return [];
  const effet = contrat.dateEffetAvenant;
  return [
    ...when(
      !contrat.numeroContratPrecedent,
      '/contrat/numeroContratPrecedent',
      'required',
      'Un avenant cite le numéro du contrat initial.',
    ),
    ...when(!effet, '/contrat/dateEffetAvenant', 'required', "Un avenant porte sa date d'effet."),
    ...when(
      !!effet && (effet < contrat.dateDebutContrat || effet > contrat.dateFinContrat),
      '/contrat/dateEffetAvenant',
      'date_order',
      "La date d'effet tombe pendant le contrat.",
    ),
  ];
};

const payPeriods: Rule = ({ contrat }) => {
  const periods = contrat.remunerationsAnnuelles;
  const at = (index: number, name: string) => `/contrat/remunerationsAnnuelles/${index}/${name}`;
  let expected = contrat.dateDebutContrat;
  for (const [index, period] of periods.entries()) {
    if (period.dateDebut !== expected)
      return [finding(at(index, 'dateDebut'), 'gap', `Cette période doit commencer le ${expected}.`)];
    if (period.dateFin < period.dateDebut)
      return [finding(at(index, 'dateFin'), 'date_order', 'La période finit avant son début.')];
    expected = addDays(period.dateFin, 1);
  }
  const reached = addDays(expected, -1);
  return when(
    reached !== contrat.dateFinContrat,
    at(periods.length - 1, 'dateFin'),
    'gap',
    'Les périodes couvrent exactement le contrat.',
  );
};

/** Two periods a year at most: `1.1` to `4.2`, each once. */
const payOrder: Rule = ({ contrat: { remunerationsAnnuelles } }) =>
  remunerationsAnnuelles.flatMap(({ ordre }, index) =>
    when(
      remunerationsAnnuelles.findIndex((each) => each.ordre === ordre) < index,
      `/contrat/remunerationsAnnuelles/${index}/ordre`,
      'duplicate',
      'Une année compte deux périodes au plus, chacune sous son numéro.',
    ),
  );

const trainingPlace: Rule = ({ organismeFormation, organismeFormationLieuFormationPrincipal }) =>
  when(
    !organismeFormation.lieuFormationIdentique && !organismeFormationLieuFormationPrincipal,
    '/organismeFormationLieuFormationPrincipal',
    'required',
    'Le lieu principal de formation est demandé quand il diffère.',
  );

const nirKeys: Rule = ({ apprenti, maitre1, maitre2 }) =>
  [['apprenti', apprenti.nir] as const, ['maitre1', maitre1.nir] as const, ['maitre2', maitre2?.nir] as const].flatMap(
    ([who, nir]) =>
      when(!!nir && !nirHolds(nir), `/${who}/nir`, 'nir_key', 'La clé du numéro de sécurité sociale est fausse.'),
  );

const rules: readonly Rule[] = [
  conclusionDates,
  contractLength,
  trainingLength,
  remoteHours,
  weeklyTime,
  apprenticeAge,
  tutorAge,
  amendment,
  payPeriods,
  payOrder,
  trainingPlace,
  nirKeys,
];

/** What the business rules find in a contract of the right shape; pointers start at the body (`/cerfa/...`). */
export function judgeCerfa(cerfa: Cerfa): readonly Finding[] {
  return rules.flatMap((rule) => rule(cerfa));
}
