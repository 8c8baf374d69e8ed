import { addDays, addMonths } from '../core/contract/calendar.js';
import type { CoherenceFinding } from '../core/contract/coherence.js';
import type { Dossier } from '../core/contract/dossier.js';
import { type Instalment, sum, termOf, underDecree } from './instalments.js';

/** Per cent of a year's amount that is due in month 1, 7 and 10; what is missing to a hundred is due after service done. */
const shares = { old: [40, 30, 30], decree: [40, 30, 20, 10] } as const;
/** Cents that the employer bears of the first advance at most (level 6 and more). */
const employerShare = 75_000;
/** Each share is rounded to the cent. */
const grain = 4;

type Found = Pick<CoherenceFinding, 'code' | 'severity' | 'pointer' | 'message'> & { expected: number; actual: number };

/**
 * Compares the instalments of each whole year of a contract with the shares of norm.md 3.14: 40, 30 and 30 % before 2025-07-01,
 * 40, 30, 20 and 10 % since. Contracts under twelve months have a schedule that no source gives, broken ones and part years another
 * one: nothing is said of them. The first advance may lack the employer's share, which no read shows.
 */
export function scheduleFinding(dossier: Dossier, instalments: readonly Instalment[]): Found[] {
  const { conclusion, start, end } = termOf(dossier);
  if (conclusion === undefined || start === undefined || end === undefined || dossier.cerfa.etat === 'RUPTURE')
    return [];
  if (instalments.some(({ from, teaching }) => from === undefined || teaching === undefined)) return [];
  const percents: readonly number[] = underDecree(conclusion) ? shares.decree : shares.old;
  const found: Found[] = [];
  for (let year = 0; addDays(addMonths(start, 12 * (year + 1)), -1) <= end; year++) {
    const rows = instalments.filter(({ from }) => from === addMonths(start, 12 * year));
    if (rows.length > 0) found.push(...ofYear(rows, percents, year === 0 ? employerShare : 0));
  }
  return found;
}

/** The rows after the first fix the year's amount: the first one may be less, by the employer's share. */
function ofYear(rows: readonly Instalment[], percents: readonly number[], borne: number): Found[] {
  const [first, ...later] = rows.map((row) => row.teaching ?? 0);
  const [pointer = '/echeances'] = rows.map((row) => row.pointer);
  const laterPercent = sum(percents.slice(1), (percent) => percent);
  const annual = (sum(later, (cents) => cents) * 100) / laterPercent;
  if (rows.length !== percents.length || first === undefined)
    return [
      finding(pointer, `${percents.length} échéances par an sont attendues.`, percents.length * 100, rows.length * 100),
    ];
  const due = (annual * (percents[0] ?? 0)) / 100;
  if (first > due + grain || first < Math.max(0, due - borne) - grain)
    return [
      finding(
        pointer,
        `La première échéance de l’année n’est pas ${percents[0]} % du montant annuel.`,
        Math.round(due),
        first,
      ),
    ];
  return later.flatMap((cents, at) => {
    const expected = (annual * (percents[at + 1] ?? 0)) / 100;
    if (Math.abs(cents - expected) <= grain) return [];
    const where = rows[at + 1]?.pointer ?? pointer;
    return [
      finding(where, `L’échéance n’est pas ${percents[at + 1]} % du montant annuel.`, Math.round(expected), cents),
    ];
  });
}

const finding = (pointer: string, message: string, expected: number, actual: number): Found => ({
  ...{ code: 'SCHEDULE_SHARES', severity: 'warning', pointer, message, expected, actual },
});
