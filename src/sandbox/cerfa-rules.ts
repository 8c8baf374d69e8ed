import { addDays, addMonths, ageOn } from '../core/contract/calendar.js';
import { rowsOf } from './cerfa-codes.js';
import { at, demand, demandAll, demandZoned, isPart, textAt, type Part } from './demand.js';
import { dayOf } from './paris-days.js';

/** The day at a path; empty where there is none. */
const day = (cerfa: Part, path: string): string => dayOf(at(cerfa, path)) ?? '';

const number = (cerfa: Part, path: string): number => Number(textAt(cerfa, path) || 0);

/** The first day on which a contract may have been concluded (norm.md 3.9). */
const earliestConclusion = '2020-01-01';

/**
 * The rules of norm.md 3.9 that a contract breaks or not by itself. Left out is what an OPCO takes all the same or cannot
 * see: the 25 % of hours, three months between training and contract, a guardian (one may be emancipated), minimum rates.
 */
export function demandRules(cerfa: Part): void {
  demandDates(cerfa);
  demandTimes(cerfa);
  demandAges(cerfa);
  demandAmendment(cerfa);
  demandPay(cerfa);
  const elsewhere = at(cerfa, 'organismeFormation.lieuFormationIdentique') === false;
  demand(!elsewhere || isPart(at(cerfa, 'organismeFormationLieuFormationPrincipal')), [
    'MANQUANT',
    'Le bloc organismeFormationLieuFormationPrincipal est obligatoire.',
  ]);
}

function demandDates(cerfa: Part): void {
  const conclusion = day(cerfa, 'contrat.dateConclusion');
  const [debut, fin] = [day(cerfa, 'contrat.dateDebutContrat'), day(cerfa, 'contrat.dateFinContrat')];
  demand(conclusion >= earliestConclusion, ['DATES', `contrat.dateConclusion : pas avant ${earliestConclusion}.`]);
  demand(conclusion <= debut, ['DATES', 'Le contrat commence avant sa conclusion.']);
  demand(debut < fin, ['DATES', 'Le contrat finit avant de commencer.']);
  demandMonths({ what: 'Le contrat', from: debut, to: fin }, [6, 54]);
  const [from, to] = [day(cerfa, 'formation.dateDebutFormation'), day(cerfa, 'formation.dateFinFormation')];
  demand(from < to, ['DATES', 'La formation finit avant de commencer.']);
  demandMonths({ what: 'La formation', from, to }, [6, 48]);
}

/** The last day counts: from the first of a month to the last of the sixth are six months. */
function demandMonths(
  { what, from, to }: { readonly what: string; readonly from: string; readonly to: string },
  [least, most]: readonly [number, number],
): void {
  const after = addDays(to, 1);
  demand(after >= addMonths(from, least), ['DUREE', `${what} dure moins de ${least} mois.`]);
  demand(after <= addMonths(from, most), ['DUREE', `${what} dure plus de ${most} mois.`]);
}

function demandTimes(cerfa: Part): void {
  const hours = number(cerfa, 'formation.dureeFormation');
  demand(hours > 0 && hours <= 9999, ['HEURES', 'formation.dureeFormation : de 1 à 9999 heures.']);
  demand(number(cerfa, 'formation.nombreHeuresEnDistanciel') <= hours, [
    'HEURES',
    'formation.nombreHeuresEnDistanciel : plus que la durée de la formation.',
  ]);
  const minutes = number(cerfa, 'contrat.dureeTravailHebdoMinutes');
  demand(minutes >= 0 && minutes <= 59, ['HEURES', 'contrat.dureeTravailHebdoMinutes : 59 au plus.']);
  const weekly = number(cerfa, 'contrat.dureeTravailHebdoHeures');
  demand(weekly >= 0 && weekly * 60 + minutes <= 40 * 60, [
    'HEURES',
    'contrat.dureeTravailHebdoHeures : 40 heures au plus.',
  ]);
}

function demandAges(cerfa: Part): void {
  const debut = day(cerfa, 'contrat.dateDebutContrat');
  const age = ageOn(day(cerfa, 'apprenti.dateNaissance'), debut);
  const derogation = textAt(cerfa, 'contrat.typeDerogation');
  demand(age >= 16 || ['11', '50'].includes(derogation), ['AGE', 'Moins de 16 ans : dérogation 11 ou 50 attendue.']);
  demand(age < 30 || ['12', '50'].includes(derogation), ['AGE', '30 ans et plus : dérogation 12 ou 50 attendue.']);
  const { maitre2 = null } = cerfa;
  demand(maitre2 === null || isPart(maitre2), ['FORMAT', 'maitre2 : un objet est attendu.']);
  if (maitre2 !== null) demandAll(cerfa, ['maitre2.nom', 'maitre2.prenom', 'maitre2.dateNaissance']);
  for (const maitre of ['maitre1', 'maitre2']) {
    const birth = day(cerfa, `${maitre}.dateNaissance`);
    demand(birth === '' || ageOn(birth, debut) >= 18, ['AGE', `${maitre} : mineur au début du contrat.`]);
  }
}

function demandAmendment(cerfa: Part): void {
  if (number(cerfa, 'contrat.typeContratApp') < 31) return;
  demandAll(cerfa, ['contrat.numeroContratPrecedent', 'contrat.dateEffetAvenant']);
  const effet = day(cerfa, 'contrat.dateEffetAvenant');
  const inside = effet >= day(cerfa, 'contrat.dateDebutContrat') && effet <= day(cerfa, 'contrat.dateFinContrat');
  demand(inside, ['DATES', 'contrat.dateEffetAvenant : hors du contrat.']);
}

const periodsPath = 'contrat.remunerationsAnnuelles';

/** Contiguous, two a year at most, over exactly the contract; where there are any. */
function demandPay(cerfa: Part): void {
  const periods = rowsOf(cerfa, periodsPath);
  const ranks = new Set<string>();
  let next = day(cerfa, 'contrat.dateDebutContrat');
  for (const period of periods) {
    demandZoned(period, ['dateDebut', 'dateFin']);
    const ordre = textAt(period, 'ordre');
    demand(/^[1-4]\.[12]$/.test(ordre) && !ranks.has(ordre), [
      'REMUNERATION',
      `${periodsPath} : ordre de 1.1 à 4.2, chacun une fois.`,
    ]);
    ranks.add(ordre);
    demand(['SMIC', 'SMC'].includes(textAt(period, 'typeSalaire')), ['CODE', `${periodsPath} : typeSalaire inconnu.`]);
    const [from, to] = [day(period, 'dateDebut'), day(period, 'dateFin')];
    demand(from === next && to >= from, ['REMUNERATION', `${periodsPath} : périodes contiguës attendues.`]);
    next = addDays(to, 1);
  }
  demand(periods.length === 0 || addDays(next, -1) === day(cerfa, 'contrat.dateFinContrat'), [
    'REMUNERATION',
    `${periodsPath} : les périodes couvrent exactement le contrat.`,
  ]);
}
