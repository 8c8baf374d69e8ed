import type { Finding } from '../errors.js';
import { addDays, addMonths, ageOn, monthsBetween } from './calendar.js';
import type { Cerfa } from './cerfa.js';
import { doubtfulSirets, when } from './findings.js';

/** A doubt about a contract of the right shape: the OPCO may take it all the same (norm.md 3.9). */
type Doubt = (cerfa: Cerfa) => readonly Finding[];

const sirets: Doubt = ({ employeur, organismeFormation, organismeFormationLieuFormationPrincipal }) =>
  doubtfulSirets({
    '/cerfa/employeur/siret': employeur.siret,
    '/cerfa/organismeFormation/siret': organismeFormation.siret,
    '/cerfa/organismeFormationLieuFormationPrincipal/siret': organismeFormationLieuFormationPrincipal?.siret,
  });

const trainingAndContract: Doubt = ({ contrat, formation }) => [
  ...when(
    addMonths(contrat.dateDebutContrat, 3) < formation.dateDebutFormation,
    '/cerfa/contrat/dateDebutContrat',
    'training_dates',
    'Le contrat commence plus de trois mois avant la formation.',
  ),
  ...when(
    contrat.dateFinContrat > addMonths(formation.dateFinFormation, 3),
    '/cerfa/contrat/dateFinContrat',
    'training_dates',
    'Le contrat finit plus de trois mois après la formation.',
  ),
];

/** A quarter of the contract's working time, 1607 hours a year; no OPCO refuses funding for that alone. */
const trainingShare: Doubt = ({ contrat, formation }) => {
  const months = monthsBetween(contrat.dateDebutContrat, addDays(contrat.dateFinContrat, 1));
  return when(
    formation.dureeFormation < ((months / 12) * 1607) / 4,
    '/cerfa/formation/dureeFormation',
    'training_hours',
    'La formation compte moins de 25 % de la durée du contrat.',
  );
};

const guardian: Doubt = ({ apprenti, contrat }) =>
  when(
    ageOn(apprenti.dateNaissance, contrat.dateConclusion) < 18 && !apprenti.responsableLegal,
    '/cerfa/apprenti/responsableLegal',
    'required',
    'Mineur à la conclusion : un représentant légal est attendu, sauf émancipation.',
  );

const previousContract: Doubt = ({ contrat }) => [
  ...when(
    contrat.typeContratApp >= 21 && contrat.typeContratApp <= 23 && !contrat.numeroContratPrecedent,
    '/cerfa/contrat/numeroContratPrecedent',
    'required',
    'Une succession de contrats cite le numéro du précédent.',
  ),
  ...when(
    !!contrat.numeroContratPrecedent &&
      !/^(?:[0-9]{3}|02[AB])[0-9]{4}(?:0[1-9]|1[0-2])(?:NC|[0-9]{2})[0-9]{4}$/.test(contrat.numeroContratPrecedent),
    '/cerfa/contrat/numeroContratPrecedent',
    'numero_deca',
    "Ce numéro n'a pas la forme d'un numéro de dépôt.",
  ),
];

/** Per cent of the SMIC in years 1, 2 and 3; the fourth year counts as the third. */
const leastRates: readonly { readonly below: number; readonly rates: readonly number[] }[] = [
  { below: 18, rates: [27, 39, 55] },
  { below: 21, rates: [43, 51, 67] },
  { below: 26, rates: [53, 61, 78] },
  { below: Infinity, rates: [100, 100, 100] },
];

const pay: Doubt = ({ apprenti, contrat }) =>
  contrat.remunerationsAnnuelles.flatMap(({ dateDebut, ordre, taux }, index) => {
    const age = ageOn(apprenti.dateNaissance, dateDebut);
    const rates = leastRates.find(({ below }) => age < below)?.rates ?? [];
    const least = rates[Math.min(Number(ordre[0]), 3) - 1] ?? 0;
    return when(
      taux < least,
      `/cerfa/contrat/remunerationsAnnuelles/${index}/taux`,
      'least_rate',
      // Neither age nor minimum: a warning stands in the job unsealed, and either would tell the apprentice's age.
      'Ce taux est sous le minimum légal pour cet âge et cette année.',
    );
  });

const rights: Doubt = ({ apprenti }) =>
  when(
    apprenti.handicap && !!(apprenti.droitsRqthExtensionBOE || apprenti.droitsRqthEquivalenceJeune),
    '/cerfa/apprenti/handicap',
    'rqth',
    'Les droits assimilés à la RQTH se déclarent quand handicap est faux.',
  );

const doubts: readonly Doubt[] = [sirets, trainingAndContract, trainingShare, guardian, previousContract, pay, rights];

/** What is doubtful in a contract of the right shape; pointers start at the body (`/cerfa/...`). */
export function warnCerfa(cerfa: Cerfa): readonly Finding[] {
  return doubts.flatMap((doubt) => doubt(cerfa));
}
