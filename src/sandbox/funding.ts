import { addDays, addMonths } from '../core/contract/calendar.js';

/** One instalment, amounts in cents. */
export interface Instalment {
  readonly numero: number;
  readonly codification: string;
  readonly dateOuverture: string;
  readonly dateDebut: string;
  readonly dateFin: string;
  readonly cents: number;
}

const shares = [
  { percent: 40, month: 0 },
  { percent: 30, month: 6 },
  { percent: 20, month: 9 },
] as const;

/**
 * Schedule of contracts from 2025-07-01 (decree 2025-585, norm.md 3.14): daily pro rata of the annual amount, each year
 * 40 % at once, 30 % in month 7, 20 % in month 10, the rest when the year is over. The cents always add up.
 */
export function schedule(debut: string, fin: string, annualCents: number): readonly Instalment[] {
  const instalments: Instalment[] = [];
  for (let from = debut; from <= fin; from = addMonths(from, 12)) {
    const yearEnd = addDays(addMonths(from, 12), -1);
    const to = yearEnd < fin ? yearEnd : fin;
    let left = Math.round((annualCents * (days(from, to) + 1)) / (days(from, yearEnd) + 1));
    const total = left;
    const numbered = (cents: number, opens: string) =>
      instalments.push({
        numero: instalments.length + 1,
        codification: String(instalments.length + 1),
        dateOuverture: opens,
        dateDebut: from,
        dateFin: to,
        cents,
      });
    for (const { percent, month } of shares) {
      const opens = addMonths(from, month);
      if (opens > to) continue;
      const cents = Math.floor((total * percent) / 100);
      left -= cents;
      numbered(cents, opens);
    }
    numbered(left, addDays(to, 1));
  }
  return instalments;
}

function days(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
