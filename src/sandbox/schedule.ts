import { addDays, addMonths, monthsBetween } from '../core/contract/calendar.js';
import type { Contrat } from './contrat.js';

/** One instalment, amounts in cents, days `YYYY-MM-DD`. */
export interface Instalment {
  readonly numero: number;
  readonly codification: string;
  readonly dateOuverture: string;
  readonly dateDebut: string;
  readonly dateFin: string;
  /** Teaching. */
  readonly cents: number;
  readonly rqthCents: number;
}

/** What of a contract its schedule depends on. */
export type Term = Pick<Contrat, 'conclusion' | 'debut' | 'fin'>;
type Share = readonly [percent: number, monthsAfterStart: number];

/** Contracts concluded up to this day keep the rules of before decree 2025-585 (norm.md 3.14). */
const lastDayOfOldRules = '2025-06-30';

/** Whether decree 2025-585 applies. */
export const underDecree = ({ conclusion }: Pick<Contrat, 'conclusion'>): boolean => conclusion > lastDayOfOldRules;

/** In month 1, 7 and 10; what is missing to a hundred is the balance, once the year is over. */
const oldShares: readonly Share[] = [
  [40, 0],
  [30, 6],
  [30, 9],
];
const decreeShares: readonly Share[] = [
  [40, 0],
  [30, 6],
  [20, 9],
];

/** The balance's codification under the decree, whatever its number (norm.md 3.11). */
export const balanceCode = '99';

/**
 * The instalments of a contract (norm.md 3.14), from its annual amount and the RQTH uplift of each of its years. The
 * cents always add up: shares are rounded down, and the last of a year takes the rest.
 *
 *     concluded up to 2025-06-30   each year   40 % ─ month 7: 30 % ─ month 10: 30 %           last year by months begun
 *     since                        each year   40 % ─ month 7: 30 % ─ month 10: 20 % ─ end: 10 %   last year by days/365
 *     shorter than twelve months   all at the start
 *
 * Two things the norm leaves open are ours: before the decree the grain of the last year's pro rata (months begun, as
 * the law had it), and below twelve months the whole schedule, of which no figures were found: one instalment, open at
 * the start. A share that would open after the contract's end opens the day after it, with the balance.
 */
export function schedule(term: Term, annualCents: number, rqthCents: readonly number[] = []): readonly Instalment[] {
  if (term.fin < addDays(addMonths(term.debut, 12), -1)) return [single(term, annualCents, rqthCents)];
  const instalments: Instalment[] = [];
  for (let year = 0; addMonths(term.debut, 12 * year) <= term.fin; year += 1) {
    const from = addMonths(term.debut, 12 * year);
    const yearEnd = addDays(addMonths(term.debut, 12 * (year + 1)), -1);
    const to = yearEnd < term.fin ? yearEnd : term.fin;
    const due = openings(term, from, to);
    const percents = due.map(({ percent }) => percent);
    const teaching = split(prorata(term, { from, to, yearEnd }, annualCents), percents);
    const uplift = split(rqthCents[year] ?? 0, percents);
    for (const [rank, { opens }] of due.entries()) {
      const numero = instalments.length + 1;
      instalments.push({
        numero,
        codification: String(numero),
        dateOuverture: opens,
        dateDebut: from,
        dateFin: to,
        cents: teaching[rank] ?? 0,
        rqthCents: uplift[rank] ?? 0,
      });
    }
  }
  return underDecree(term) ? withBalanceCode(instalments) : instalments;
}

function withBalanceCode(instalments: readonly Instalment[]): readonly Instalment[] {
  return instalments.map((each, rank) =>
    rank === instalments.length - 1 ? { ...each, codification: balanceCode } : each,
  );
}

function single(term: Term, annualCents: number, [rqthCents = 0]: readonly number[]): Instalment {
  const yearEnd = addDays(addMonths(term.debut, 12), -1);
  return {
    numero: 1,
    codification: '1',
    dateOuverture: term.debut,
    dateDebut: term.debut,
    dateFin: term.fin,
    cents: prorata(term, { from: term.debut, to: term.fin, yearEnd }, annualCents),
    rqthCents,
  };
}

/** The shares of one year with the days on which they open. */
function openings(term: Term, from: string, to: string) {
  const due = (underDecree(term) ? decreeShares : oldShares)
    .map(([percent, months]) => ({ percent, opens: addMonths(from, months) }))
    .filter(({ opens }) => opens <= to);
  const rest = 100 - due.reduce((sum, { percent }) => sum + percent, 0);
  return rest > 0 ? [...due, { percent: rest, opens: addDays(to, 1) }] : due;
}

/** The annual amount for a year or the part of one that a contract still has. */
export function prorata(
  term: Term,
  { from, to, yearEnd }: { readonly from: string; readonly to: string; readonly yearEnd: string },
  annualCents: number,
): number {
  if (to === yearEnd) return annualCents;
  if (underDecree(term)) return Math.min(annualCents, Math.round((annualCents * days(from, to)) / 365));
  const whole = monthsBetween(from, addDays(to, 1));
  const begun = whole + (addMonths(from, whole) <= to ? 1 : 0);
  return Math.round((annualCents * Math.min(12, begun)) / 12);
}

/** Both days counted. */
const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;

/** Percentages of an amount, rounded down; the last takes the rest. */
function split(total: number, percents: readonly number[]): readonly number[] {
  const floors = percents.map((percent) => Math.floor((total * percent) / 100));
  const rest = total - floors.reduce((sum, cents) => sum + cents, 0);
  return floors.map((cents, rank) => (rank === floors.length - 1 ? cents + rest : cents));
}
