import { addDays, addMonths } from '../core/contract/calendar.js';
import { drawn } from './chance.js';
import { textAt } from './demand.js';
import type { SandboxDossier } from './dossier.js';
import type { NatureLigne } from './facture.js';
import { dayOf } from './paris-days.js';

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

/** The last instalment's codification, whatever its number (norm.md 3.11). */
const balanceCode = '99';

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
  const balance = instalments.pop();
  return balance ? [...instalments, { ...balance, codification: balanceCode }] : [];
}

function days(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** What an OPCO commits itself to for one dossier. */
export interface Funding {
  readonly instalments: readonly Instalment[];
  readonly engagementCents: number;
}

/** Cents at most for each extra of a dossier: 100 meals at 3 EUR, first equipment of 500 EUR (norm.md 3.14). */
export const plafonds: Readonly<Record<Exclude<NatureLigne, 'PEDAGOGIE'>, number>> = {
  PREMIEREQUIPEMENT: 50_000,
  MOBILITE: 0,
  HEBERGEMENT: 0,
  RESTAURATION: 30_000,
  MAJORATION_RQTH: 0,
};

/** Drawn once for each dossier, then remembered: the contract and the seed never change under it. */
const known = new WeakMap<SandboxDossier, Funding>();

/** The schedule of a dossier; its annual amount (NPEC) depends on the seed and its number alone. */
export function fundingOf(dossier: SandboxDossier, seed: string): Funding {
  const kept = known.get(dossier);
  if (kept) return kept;
  const date = (name: string) => dayOf(textAt(dossier.cerfa, `contrat.${name}`)) ?? '2026-09-01';
  const annualCents = drawn(60, 95, seed, dossier.numeroInterne, 'npec') * 10_000;
  const instalments = schedule(date('dateDebutContrat'), date('dateFinContrat'), annualCents);
  const funding = { instalments, engagementCents: instalments.reduce((sum, { cents }) => sum + cents, 0) };
  known.set(dossier, funding);
  return funding;
}
