import { drawn } from './chance.js';
import type { Contrat } from './contrat.js';
import { contratDe, type SandboxDossier } from './dossier.js';
import { schedule, underDecree, type Instalment } from './schedule.js';

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

/** The funding of a contract whose annual amount (NPEC) is given (norm.md 3.14). */
export function fund(contrat: Contrat, npecCents: number, rqthCents: readonly number[] = []): Funding {
  const [first, ...later] = schedule(contrat, annualAmount(npecCents, contrat), rqthCents);
  const share = contrat.takenOver ? employerShare.takenOver : employerShare.usual;
  const borne = contrat.level6 && underDecree(contrat) ? share : 0;
  const instalments = first ? [{ ...first, cents: Math.max(0, first.cents - borne) }, ...later] : [];
  return { instalments, engagementCents: instalments.reduce((sum, each) => sum + each.cents + each.rqthCents, 0) };
}

/** Worked out once for each dossier and the costs it announced: neither contract nor seed changes under it. */
const known = new WeakMap<SandboxDossier, { readonly couts: unknown; readonly funding: Funding }>();

/** The schedule of a dossier; its NPEC, 4 500 to 12 000 EUR, depends on the seed and its number alone. */
export function fundingOf(dossier: SandboxDossier, seed: string): Funding {
  const kept = known.get(dossier);
  if (kept && kept.couts === dossier.couts) return kept.funding;
  const npecCents = drawn(45, 120, seed, dossier.numeroInterne, 'npec') * 10_000;
  const funding = fund(contratDe(dossier), npecCents, dossier.couts?.rqthCents);
  known.set(dossier, { couts: dossier.couts, funding });
  return funding;
}
