import { clockOf } from './control-world.js';
import { opcoIds } from '../core/endpoint.js';
import { plainEtat } from './dossier.js';
import { etatFacture } from './facture.js';
import type { World } from './world.js';

/** Requests that the page shows. */
const shownLines = 30;

interface Counts {
  cfas: number;
  dossiers: number;
  factures: number;
  documents: number;
  readonly etats: Record<string, number>;
  readonly etatsFactures: Record<string, number>;
}

/** Everything the page shows, as one JSON answer: numbers and states, nobody's name. */
export function overview(world: World) {
  const { ledger, quotas, faults, seed } = world;
  return {
    seed,
    ...clockOf(world),
    requests: ledger.last,
    opcos: opcosOf(world),
    faults: faults.list(),
    quotas: Object.fromEntries(opcoIds.map((opcoId) => [opcoId, quotas.of(opcoId)])),
    quotaCounts: quotas.counts(),
    lines: ledger.read({ after: Math.max(0, ledger.last - shownLines) }),
  };
}

function opcosOf(world: World): Readonly<Record<string, Counts>> {
  const counts = Object.fromEntries(opcoIds.map((opcoId) => [opcoId, noCounts()]));
  const now = world.virtual.now();
  for (const cfa of world.cfas()) {
    const count = counts[cfa.dialect.id] ?? noCounts();
    count.cfas += 1;
    count.dossiers += cfa.dossiers.size;
    count.factures += cfa.factures.size;
    count.documents += cfa.documents.length;
    for (const dossier of cfa.dossiers.values()) tally(count.etats, plainEtat(dossier, now));
    for (const facture of cfa.factures.values()) tally(count.etatsFactures, etatFacture(facture, now));
  }
  return counts;
}

const noCounts = (): Counts => ({ cfas: 0, dossiers: 0, factures: 0, documents: 0, etats: {}, etatsFactures: {} });

function tally(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
