import { addDays, addMonths } from '../core/contract/calendar.js';
import { drawn } from './chance.js';
import type { Contrat } from './contrat.js';
import { cutShort } from './cut-short.js';
import { contratDe, dateRupture, type SandboxDossier } from './dossier.js';
import { schedule, underDecree, type Instalment } from './schedule.js';
import type { World } from './world.js';

/** What an OPCO commits itself to for one dossier; `engagementCents` is the sum of its instalments. */
export interface Funding {
  readonly instalments: readonly Instalment[];
  readonly engagementCents: number;
}

/** Cents that the employer bears, deducted from the first advance; 200 EUR where a contract is taken over. */
const employerShare = { usual: 75_000, takenOver: 20_000 } as const;

/** Cents below which the reduction for remote training does not go. */
const remoteFloor = 400_000;

/**
 * The annual amount after the reduction for remote training: a fifth less, 4 000 EUR at least (decree 2025-586; the
 * norm gives it no date of its own, it came with decree 2025-585). An amount that was below the floor stays.
 */
export function annualAmount(npecCents: number, contrat: Contrat): number {
  if (!contrat.remote || !underDecree(contrat)) return npecCents;
  return Math.min(npecCents, Math.max(remoteFloor, Math.round(npecCents * 0.8)));
}

/** What of a dossier decides about its money besides the contract. */
export interface Circumstances {
  /** The uplift of each year. */
  readonly rqthCents?: readonly number[];
  /** The last day of a contract that was broken. */
  readonly brokenOn?: string | undefined;
  /** The CFA was active for less than six months when the contract began. */
  readonly newCfa?: boolean;
}

/** Days from the start within which a termination needs no reason. */
const trialDays = 45;

/** The first payment of a new CFA opens with month 3. */
const newCfaMonths = 2;

/** The funding of a contract whose annual amount (NPEC) is given (norm.md 3.14). */
export function fund(contrat: Contrat, npecCents: number, circumstances: Circumstances = {}): Funding {
  const { rqthCents = [], brokenOn, newCfa = false } = circumstances;
  const annualCents = annualAmount(npecCents, contrat);
  const whole = schedule(contrat, annualCents, rqthCents);
  const ran = brokenOn === undefined ? whole : cutShort(contrat, whole, { annualCents, day: brokenOn });
  const [first, ...later] = ran;
  const borne = borneByEmployer(contrat, ran, brokenOn);
  const dateOuverture = newCfa ? addMonths(contrat.debut, newCfaMonths) : first?.dateOuverture;
  const instalments =
    first && dateOuverture ? [{ ...first, dateOuverture, cents: Math.max(0, first.cents - borne) }, ...later] : [];
  return { instalments, engagementCents: instalments.reduce((sum, each) => sum + each.cents + each.rqthCents, 0) };
}

/** Broken in the trial period, it is half of what ran, up to the usual share. The norm states no case of both at once. */
function borneByEmployer(contrat: Contrat, ran: readonly Instalment[], brokenOn: string | undefined): number {
  if (!contrat.level6 || !underDecree(contrat)) return 0;
  const share = contrat.takenOver ? employerShare.takenOver : employerShare.usual;
  const inTrial = brokenOn !== undefined && brokenOn < addDays(contrat.debut, trialDays);
  return inTrial ? Math.min(share, Math.round(ran.reduce((sum, { cents }) => sum + cents, 0) / 2)) : share;
}

/** Worked out once for each dossier, its announced costs and its termination: neither contract nor seed changes under it. */
const known = new WeakMap<
  SandboxDossier,
  { readonly couts: unknown; readonly brokenOn: string | undefined; readonly funding: Funding }
>();

/** The schedule of a dossier now; its NPEC, 4 500 to 12 000 EUR, depends on the seed and its number alone. */
export function fundingOf(dossier: SandboxDossier, { seed, virtual }: Pick<World, 'seed' | 'virtual'>): Funding {
  const { couts, newCfa = false } = dossier;
  const brokenOn = dateRupture(dossier, virtual.now());
  const kept = known.get(dossier);
  if (kept && kept.couts === couts && kept.brokenOn === brokenOn) return kept.funding;
  const npecCents = drawn(45, 120, seed, dossier.numeroInterne, 'npec') * 10_000;
  const funding = fund(contratDe(dossier), npecCents, { rqthCents: couts?.rqthCents ?? [], brokenOn, newCfa });
  known.set(dossier, { couts, brokenOn, funding });
  return funding;
}
