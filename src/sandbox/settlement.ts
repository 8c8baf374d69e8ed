import type { SandboxCfa } from './cfa.js';
import { contratDe, type SandboxDossier } from './dossier.js';
import { etatFacture, type SandboxFacture } from './facture.js';
import { fundingOf } from './funding.js';
import { midnight } from './paris-days.js';
import type { Instalment } from './schedule.js';
import type { World } from './world.js';

/** Whether an instalment was paid before the CFA had an API: it shows as paid, and nothing of it is left to bill. */
export const paidOutside = ({ paidBefore }: SandboxDossier, { dateOuverture }: Instalment): boolean =>
  paidBefore !== undefined && midnight(dateOuverture) < paidBefore;

/**
 * Works out, for every dossier of an invoice, when the last of its instalments is paid: SOLDE comes at that instant,
 * and not before the contract is over. Must follow each invoice that is taken or put into another state.
 */
export function settle(world: World, cfa: SandboxCfa, facture: SandboxFacture): void {
  for (const dossier of new Set(facture.lignes.map((ligne) => ligne.dossier)))
    dossier.settledAt = settledAt(world, cfa, dossier);
  cfa.rowsChanged();
}

function settledAt(world: World, cfa: SandboxCfa, dossier: SandboxDossier): number | undefined {
  let left = 0;
  for (const each of fundingOf(dossier, world).instalments)
    left += paidOutside(dossier, each) ? 0 : each.cents + each.rqthCents;
  let last = contratDe(dossier).overAt;
  for (const facture of cfa.facturesOn(dossier.numeroInterne)) {
    const at = paidAt(facture, world.virtual.now());
    if (at === undefined) continue;
    for (const ligne of facture.lignes) {
      if (ligne.dossier !== dossier || (ligne.nature !== 'PEDAGOGIE' && ligne.nature !== 'MAJORATION_RQTH')) continue;
      left -= ligne.cents;
      last = Math.max(last, at);
    }
  }
  return left > 0 ? undefined : last;
}

/** When an invoice is paid: in its own time, or now where a control call says so; undefined where it never is. */
function paidAt(facture: SandboxFacture, now: number): number | undefined {
  if (facture.forced) return etatFacture(facture, now) === 'REGLE' ? now : undefined;
  return facture.rejet === undefined ? facture.decidedAt : undefined;
}
