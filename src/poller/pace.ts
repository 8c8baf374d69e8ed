import type { Dossier } from '../core/contract/dossier.js';
import type { Observed } from './observed.js';

/**
 * When the detail of a dossier is worth a call. The list shows states by itself; what only the detail shows (amounts above all) is
 * found by the clock. If changes come to dossier i at the rate r(i) and it is read f(i) times a day, each waits 1/(2 f(i)) days on
 * average; the sum over all dossiers, for a given number of calls, is least when f(i) is in proportion to the root of r(i). So:
 *
 *     weight(i) = sqrt(r(i))        interval(i) = (sum of all weights / calls a day) / weight(i)
 *
 * r(i) begins with what its state and its money make likely, and is corrected by what was seen: twice as many changes as were
 * expected double it. What was seen fades by half in a month.
 */
export interface PaceFacts {
  readonly dossier: Dossier;
  /** `YYYY-MM-DD` in Paris. */
  readonly today: string;
}

/** The calls that one tenant's poll at an OPCO may plan on. */
export interface Budget {
  readonly detailsPerDay: number;
  /** Seconds between two lists of invoices, at least; none where the OPCO lists none. */
  readonly facturesSeconds: number;
  /** Seconds between two lists, at least. */
  readonly listSeconds: number;
}

const halfLifeDays = 30;
/** Changes' worth of trust in what is likely, before anything was seen. */
const trust = 2;
const longestDays = 14;
const daySeconds = 86_400;
/** Rates of changes a day that no list shows; norm.md 3.14 and how long OPCOs take to pay. */
const rates = {
  instruction: 0.1,
  opened: 0.07,
  billable: 0.03,
  overdue: 0.003,
  examined: 0.001,
  quiet: 0.0002,
} as const;
const justOpenDays = 10;
const freshlyOpenDays = 45;
const over = new Set(['SOLDE', 'ANNULE', 'REFUSE']);

/** Changes a day that are likely for a dossier in that state, with that money. */
export function likelyRate({ dossier, today }: PaceFacts): number {
  const { etat } = dossier.cerfa;
  if (over.has(etat)) return rates.quiet / 4;
  const instalments = dossier.echeances ?? [];
  if (instalments.some(({ montantEnCoursInstruction }) => (montantEnCoursInstruction ?? 0) > 0))
    return rates.instruction;
  const waited = instalments
    .filter(
      ({ dateOuverture, montantTotal, montantRegle }) =>
        dateOuverture && dateOuverture <= today && (montantTotal ?? 0) > (montantRegle ?? 0),
    )
    .map(({ dateOuverture }) => daysBetween(dateOuverture ?? today, today));
  const least = Math.min(...waited);
  if (least <= justOpenDays) return rates.opened;
  if (least <= freshlyOpenDays) return rates.billable;
  if (waited.length > 0) return rates.overdue;
  return etat === 'ENGAGE' || etat === 'RUPTURE' ? rates.quiet : rates.examined;
}

/** The clock of a dossier that was just read: what was seen of it, its weight, and when its turn comes again. */
export interface Clock extends Omit<Observed, 'since'> {
  readonly inSeconds: number;
}

/** What the clock is set by, beside the dossier. `random` is in [0, 1). */
export interface ClockTerms {
  readonly observed: Observed;
  readonly changed: boolean;
  readonly weights: number;
  readonly budget: Pick<Budget, 'detailsPerDay'>;
  readonly leastSeconds: number;
  readonly random: number;
}

/** Sets the clock; the opening of the next instalment draws the turn near. */
export function setClock(facts: PaceFacts, terms: ClockTerms): Clock {
  const { observed, changed, weights, budget, leastSeconds, random } = terms;
  const since = observed.since ?? 0;
  const kept = 2 ** (-since / halfLifeDays);
  // What was expected since the last reading, before it was corrected by what had been seen until then.
  const expected = (observed.weight ** 2 / factor(observed)) * since;
  const seen = { changes: observed.changes * kept + (changed ? 1 : 0), exposure: observed.exposure * kept + expected };
  const weight = Math.sqrt(likelyRate(facts) * factor(seen));
  const all = Math.max(weight, weights - observed.weight + weight);
  const days = Math.min(longestDays, all / Math.max(budget.detailsPerDay, 0.01) / weight);
  const inSeconds = Math.max(leastSeconds, days * daySeconds * (0.9 + 0.2 * random));
  return { ...seen, weight, inSeconds: Math.min(inSeconds, openingSeconds(facts, random)) };
}

const factor = ({ changes, exposure }: Pick<Observed, 'changes' | 'exposure'>) =>
  (trust + changes) / (trust + exposure);

/** Until some hours into the day on which the next instalment opens: not everybody at midnight. */
function openingSeconds({ dossier, today }: PaceFacts, random: number): number {
  if (over.has(dossier.cerfa.etat)) return Infinity;
  const openings = (dossier.echeances ?? []).flatMap(({ dateOuverture }) =>
    dateOuverture && dateOuverture > today ? [dateOuverture] : [],
  );
  const [next] = openings.sort();
  return next === undefined ? Infinity : (daysBetween(today, next) + random * 0.5) * daySeconds;
}

const daysBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

/** Changes a day that the list of a CFA shows, per dossier: three or four in the two years of a contract. */
const listedPerDossier = 0.005;
const leastListShare = 0.05;
const mostListShare = 0.7;
/** Changes a day that the list of invoices shows, per dossier: seven instalments in two years, each billed and paid. */
const billedPerDossier = 0.015;
const leastFacturesShare = 0.05;
const mostFacturesShare = 0.25;

/**
 * How the poll share of an OPCO's rate is divided. R listed changes a day wait half the time between two lists of L calls, all others
 * as above; for a + d calls a day, R L / (2 a) + S^2 / (2 d) is least when a : d is sqrt(R L) : S. Neither side ever gets nothing.
 * Where the OPCO lists invoices, that list is one more term of the same form.
 */
export function planBudget(terms: {
  readonly callsPerSecond: number;
  readonly share: number;
  /** Tenants that are polled at this OPCO. */
  readonly sharedBy: number;
  readonly listCalls: number;
  /** Calls that the list of invoices takes; 0 where the OPCO lists none. */
  readonly facturesCalls?: number;
  readonly dossiers: number;
  /** The sum of the weights of all that is watched: S. */
  readonly weights: number;
}): Budget {
  const { callsPerSecond, share, sharedBy, listCalls, facturesCalls = 0, dossiers, weights } = terms;
  const all = (callsPerSecond * share * daySeconds) / Math.max(1, sharedBy);
  const list = Math.sqrt(listedPerDossier * dossiers * listCalls);
  // While nothing is watched there are no details to read, and the list alone can bring the first dossier.
  const part = weights > 0 ? Math.min(mostListShare, Math.max(leastListShare, list / (list + weights))) : mostListShare;
  const factures = Math.sqrt(billedPerDossier * dossiers * facturesCalls);
  const billed = factures / Math.max(factures + list + weights, Number.EPSILON);
  const facturesPart = facturesCalls > 0 ? Math.min(mostFacturesShare, Math.max(leastFacturesShare, billed)) : 0;
  const perDay = all * (1 - facturesPart);
  return {
    listSeconds: (listCalls * daySeconds) / (perDay * part),
    detailsPerDay: perDay * (1 - part),
    facturesSeconds: facturesCalls > 0 ? (facturesCalls * daySeconds) / (all * facturesPart) : 0,
  };
}

/** How much faster than planned a backlog may be read: it goes down, and nothing comes in a burst. */
const haste = 1.5;

/** Details that one poll may read by the clock: what the plan has for the time between two lists, a backlog faster, and never fewer than `least`. */
export function mostDetails({ listSeconds, detailsPerDay }: Budget, least: number): number {
  return Math.max(least, Math.ceil((haste * detailsPerDay * listSeconds) / daySeconds));
}

/** The weight of a dossier of which nothing is known yet: a first scan plans with it. */
export const usualWeight = 0.06;
