import { addDays, addMonths } from '../core/contract/calendar.js';
import { at, textAt, type Part } from './demand.js';
import { dayOf, midnight } from './paris-days.js';

/** What of a contract decides about its life and its money. Days are `YYYY-MM-DD`, instants virtual milliseconds. */
export interface Contrat {
  readonly conclusion: string;
  readonly debut: string;
  readonly fin: string;
  readonly debutAt: number;
  /** The first instant after its last day. */
  readonly overAt: number;
  /** Four months later: a balance that nobody billed by then is lost (norm.md 3.14). */
  readonly closesAt: number;
  /** A certification of level 6 or more: bac+3, by the first digit of the diploma's code (norm.md 3.8). */
  readonly level6: boolean;
  /** Taken over by a new employer after a termination. */
  readonly takenOver: boolean;
  /** The CFA was new then if it began its activity after this day: six months earlier (norm.md 3.14). */
  readonly newCfaAfter: string;
  /** 80 % or more of the training is remote. */
  readonly remote: boolean;
}

/** Invented contracts are shared by many dossiers: each is read once. */
const known = new WeakMap<Part, Contrat>();

/** Reads a contract; what it does not say is a contract of two years from 2026-09-01. */
export function contratOf(cerfa: Part): Contrat {
  const kept = known.get(cerfa);
  if (kept) return kept;
  const debut = dayOf(at(cerfa, 'contrat.dateDebutContrat')) ?? '2026-09-01';
  const fin = dayOf(at(cerfa, 'contrat.dateFinContrat')) ?? addDays(addMonths(debut, 24), -1);
  const hours = Number(textAt(cerfa, 'formation.dureeFormation'));
  const contrat: Contrat = {
    conclusion: dayOf(at(cerfa, 'contrat.dateConclusion')) ?? debut,
    debut,
    fin,
    debutAt: midnight(debut),
    overAt: midnight(addDays(fin, 1)),
    closesAt: midnight(addMonths(addDays(fin, 1), 4)),
    level6: Number(textAt(cerfa, 'formation.typeDiplome').charAt(0)) >= 6,
    takenOver: textAt(cerfa, 'contrat.typeContratApp') === '23',
    newCfaAfter: addMonths(debut, -6),
    remote: hours > 0 && Number(textAt(cerfa, 'formation.nombreHeuresEnDistanciel')) >= 0.8 * hours,
  };
  known.set(cerfa, contrat);
  return contrat;
}
