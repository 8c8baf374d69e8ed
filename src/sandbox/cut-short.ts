import { addDays, addMonths } from '../core/contract/calendar.js';
import { balanceCode, prorata, underDecree, type Instalment, type Term } from './schedule.js';

/**
 * What is left of a schedule once the contract is broken: only what ran until that day is due (norm.md 3.14).
 *
 *     years that are over ─ as they were      year of the termination ─ its part until that day, over what had opened,
 *     in turn; the rest as a balance, open the day after      later years ─ nothing
 *
 * An instalment that was paid already may thus come out below what was paid: an OPCO claims that back, and so nothing
 * more of it is billable.
 */
export function cutShort(
  term: Term,
  instalments: readonly Instalment[],
  { annualCents, day }: { readonly annualCents: number; readonly day: string },
): readonly Instalment[] {
  const begun = instalments.filter(({ dateDebut }) => dateDebut <= day);
  const from = begun.at(-1)?.dateDebut;
  if (from === undefined) return [];
  const past = begun.filter(({ dateDebut }) => dateDebut < from);
  const year = begun.filter(({ dateDebut }) => dateDebut === from);
  const yearEnd = addDays(addMonths(from, 12), -1);
  const teaching = sum(year.map(({ cents }) => cents));
  const due = Math.min(teaching, prorata(term, { from, to: day, yearEnd }, annualCents));
  const uplift = Math.round((sum(year.map(({ rqthCents }) => rqthCents)) * due) / Math.max(1, teaching));
  const left = { cents: due, rqthCents: uplift };
  const opened = year
    .filter(({ dateOuverture }) => dateOuverture <= day)
    .map((each) => ({
      ...each,
      dateFin: day,
      cents: take(left, 'cents', each),
      rqthCents: take(left, 'rqthCents', each),
    }));
  if (left.cents === 0 && left.rqthCents === 0) return [...past, ...opened];
  const numero = past.length + opened.length + 1;
  const codification = underDecree(term) ? balanceCode : String(numero);
  const balance = { numero, codification, dateOuverture: addDays(day, 1), dateDebut: from, dateFin: day, ...left };
  return [...past, ...opened, balance];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

type Amounts = Record<'cents' | 'rqthCents', number>;

/** As much of an amount as there is left. */
function take(left: Amounts, name: keyof Amounts, each: Readonly<Amounts>): number {
  const taken = Math.min(each[name], left[name]);
  left[name] -= taken;
  return taken;
}
