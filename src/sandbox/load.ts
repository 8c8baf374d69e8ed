import { addDays, addMonths } from '../core/contract/calendar.js';
import { exampleCerfa } from '../core/contract/cerfa-example.js';
import type { SandboxCfa } from './cfa.js';
import { chance, dice } from './chance.js';
import { contratOf } from './contrat.js';
import { isPart, type Part } from './demand.js';
import { inTheNorm } from './seed.js';
import type { Past, World } from './world.js';

const dayMs = 86_400_000;

/** Contracts of the last four years: what a CFA still has in its software. */
const months = 48;

/** Invented contracts for each month of start; shared, so that a hundred thousand dossiers fit into memory. */
const variety = 7;

/** Lengths in months, a few days short or long: most are two years, some one or three, few less than one. */
const lengths = [24, 24, 24, 12, 12, 36, 10] as const;

/**
 * Puts many dossiers of the last four years under some CFA keys, in turn: states and dates as in a running CFA. Six in
 * ten contracts start in September or October; each was sent within days of its start, and what had opened a while ago
 * is paid.
 */
export function loadDossiers(
  world: World,
  cfas: readonly [SandboxCfa, ...SandboxCfa[]],
  { count, seed }: { readonly count: number; readonly seed: string },
): void {
  const now = world.virtual.now();
  const shelves = new Map<string, readonly (readonly Part[])[]>();
  for (let index = 0; index < count; index += 1) {
    const cfa = cfas[index % cfas.length] ?? cfas[0];
    const shelf = shelves.get(cfa.siret) ?? contracts(cfa.siret, now);
    shelves.set(cfa.siret, shelf);
    const [when, which, sent, paid] = dice(seed, 'charge', index);
    const month = shelf[monthOf(when, new Date(now).getUTCMonth())] ?? [];
    const contract = month[Math.floor(which * month.length)] ?? {};
    world.admit(cfa, contract, pastOf(contract, { now, sent, paid }));
  }
}

/** Sent from twenty days before its start to five after; paid up to two months ago, and settled once it was over. */
function pastOf(contract: Part, { now, sent, paid }: { now: number; sent: number; paid: number }): Past {
  const { debutAt, overAt } = contratOf(contract);
  const depositedAt = Math.min(now, debutAt + Math.floor((sent * 25 - 20) * dayMs));
  const paidBefore = now - Math.floor((20 + paid * 40) * dayMs);
  // The balance opens when the contract is over, and is paid a while later.
  const settledAt = overAt < paidBefore ? overAt + Math.floor((20 + paid * 40) * dayMs) : undefined;
  return { depositedAt, paidBefore, settledAt };
}

/** How many months ago a contract started. */
function monthOf(when: number, thisMonth: number): number {
  const year = Math.floor(when * (months / 12));
  const within = when * (months / 12) - year;
  // Months ago, within a year, of the last September and October.
  const [september, october] = [(thisMonth - 8 + 12) % 12, (thisMonth - 9 + 12) % 12];
  const ago = within < 0.4 ? september : within < 0.6 ? october : Math.floor(((within - 0.6) / 0.4) * 12);
  return year * 12 + Math.min(11, ago);
}

/** By months ago. */
function contracts(siretCfa: string, now: number): readonly (readonly Part[])[] {
  const first = `${new Date(now).toISOString().slice(0, 7)}-01`;
  return Array.from({ length: months }, (_, ago) =>
    Array.from({ length: variety }, (_, rank) => {
      const day = Math.floor(chance('contrats', ago, rank) * 28);
      return contract({ debut: addDays(addMonths(first, -ago), day), rank: ago * variety + rank, siretCfa });
    }),
  );
}

function contract({ debut, rank, siretCfa }: { debut: string; rank: number; siretCfa: string }): Part {
  const fin = addDays(addMonths(debut, lengths[rank % variety] ?? 24), (rank % 11) - 6);
  const cerfa = inTheNorm(exampleCerfa({ rank, debut, siretCfa }));
  const dated = (name: string, dates: Part) => ({ ...(isPart(cerfa[name]) && cerfa[name]), ...inTheNorm(dates) });
  return {
    ...cerfa,
    formation: dated('formation', { dateFinFormation: addDays(fin, -20) }),
    contrat: dated('contrat', { dateFinContrat: fin }),
  };
}
