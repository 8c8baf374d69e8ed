import { addDays, addMonths } from '../../src/core/contract/calendar.js';
import type { Dossier } from '../../src/core/contract/dossier.js';
import { planBudget, setClock, usualWeight } from '../../src/poller/pace.js';
import type { Observed } from '../../src/poller/observed.js';

/** A population, and the calls that may be spent on it. */
export interface Simulation {
  readonly dossiers: number;
  readonly days: number;
  /** Calls a day, lists and details together. */
  readonly callsPerDay: number;
  /** Rows on a page of the list. */
  readonly pageSize: number;
  /** In [0, 1), the same sequence for the same seed. */
  readonly random: () => number;
}

/** What came of it: days between a change and its detection, and the calls that were made. */
export interface Detection {
  readonly changes: number;
  readonly meanDays: number;
  readonly calls: number;
}

interface Life {
  /** Sorted: when, whether the list shows it, and what the dossier is from then on. */
  readonly changes: readonly { readonly at: number; readonly listed: boolean; readonly dossier: Dossier }[];
  readonly born: number;
}

const origin = '2026-01-01';
const stepDays = 1 / 96;
const dayOf = (at: number) => addDays(origin, Math.floor(at));
const daysTo = (day: string) => (Date.parse(day) - Date.parse(origin)) / 86_400_000;

/** Lives as norm.md 3.14 has them: instructed, engaged, instalments billed days after they open and paid one to two weeks later, some broken. */
export function drawLives({ dossiers, days, random }: Simulation): Life[] {
  return Array.from({ length: dossiers }, () => {
    const born = -700 + random() * (700 + days);
    const engaged = born + 2 + random() * 15;
    const start = dayOf(born + random() * 20);
    const echeances = [0, 6, 9, 12, 18, 21, 24].map((months, at) => ({
      ...{ numero: at + 1, dateOuverture: addMonths(start, months), montantTotal: 1000 },
      ...{ montantRegle: 0, montantEnCoursInstruction: 0 },
    }));
    const changes: Life['changes'][number][] = [];
    let dossier: Dossier = { cerfa: { numeroInterne: 'D', etat: 'TRANSMIS' }, echeances: null };
    const put = (at: number, listed: boolean, next: Dossier) => changes.push({ at, listed, dossier: (dossier = next) });
    put(born + (engaged - born) / 3, true, { ...dossier, cerfa: { ...dossier.cerfa, etat: 'EN_COURS_INSTRUCTION' } });
    put(engaged, true, { ...dossier, cerfa: { ...dossier.cerfa, etat: 'ENGAGE' }, echeances });
    const broken = random() < 0.14 ? engaged + random() * 700 : Infinity;
    const moments = echeances.flatMap(({ dateOuverture, numero }) => {
      const billed = Math.max(engaged, daysTo(dateOuverture)) + 1 + random() ** 2 * 40;
      return [
        { at: billed, numero, money: { montantEnCoursInstruction: 1000 } },
        { at: billed + 4 + random() * 11, numero, money: { montantEnCoursInstruction: 0, montantRegle: 1000 } },
      ];
    });
    for (const { at, numero, money } of moments.sort((one, other) => one.at - other.at)) {
      if (at > broken) break;
      const rows = (dossier.echeances ?? []).map((each) => (each.numero === numero ? { ...each, ...money } : each));
      put(at, false, { ...dossier, echeances: rows });
    }
    const etat = broken < Infinity ? 'RUPTURE' : 'SOLDE';
    put(Math.min(broken, (changes.at(-1)?.at ?? 0) + 1), true, { ...dossier, cerfa: { ...dossier.cerfa, etat } });
    return { changes, born };
  });
}

class Reader {
  seen = 0;
  delay = 0;
  changes = 0;
  calls = 0;
  readonly #known: number[];

  constructor(readonly lives: readonly Life[]) {
    this.#known = lives.map(({ changes }) => changes.findLastIndex(({ at }) => at <= 0));
  }

  /** Reads a detail; whether anything was new. */
  read(at: number, index: number): boolean {
    this.calls++;
    const { changes = [] } = this.lives[index] ?? {};
    let known = this.#known[index] ?? -1;
    const before = known;
    for (; (changes[known + 1]?.at ?? Infinity) <= at; known++) {
      this.delay += at - (changes[known + 1]?.at ?? at);
      this.changes++;
    }
    this.#known[index] = known;
    return known > before;
  }

  /** Whether the list shows something that no detail has shown yet. */
  pointed(at: number, index: number): boolean {
    const { changes = [] } = this.lives[index] ?? {};
    for (let next = (this.#known[index] ?? -1) + 1; (changes[next]?.at ?? Infinity) <= at; next++)
      if (changes[next]?.listed) return true;
    return false;
  }

  dossier(index: number): Dossier {
    return (
      this.lives[index]?.changes[this.#known[index] ?? -1]?.dossier ?? {
        cerfa: { numeroInterne: 'D', etat: 'TRANSMIS' },
        echeances: null,
      }
    );
  }

  isOpen(at: number, index: number): boolean {
    const life = this.lives[index];
    return life !== undefined && life.born <= at && !/SOLDE|RUPTURE/.test(this.dossier(index).cerfa.etat);
  }

  result(): Detection {
    return { changes: this.changes, meanDays: this.delay / Math.max(1, this.changes), calls: this.calls };
  }
}

/** The poller: lists, then details where list or clock say so, paced by `pace.ts`. */
export function simulatePoller(simulation: Simulation, lives: readonly Life[]): Detection {
  const { days, callsPerDay, pageSize, random } = simulation;
  const reader = new Reader(lives);
  const clocks = lives.map(() => ({
    due: random(),
    readAt: 0,
    observed: { changes: 0, exposure: 0, weight: usualWeight },
  }));
  const listCalls = Math.max(1, Math.ceil(lives.length / pageSize));
  const share = { callsPerSecond: callsPerDay / 86_400, share: 1, sharedBy: 1 };
  let weights = lives.length * usualWeight;
  const budgetNow = () => planBudget({ ...share, listCalls, dossiers: lives.length, weights });
  let budget = budgetNow();
  const turn = (at: number, index: number) => {
    const clock = clocks[index];
    if (!clock) return;
    const changed = reader.read(at, index);
    const observed: Observed = { ...clock.observed, since: clock.readAt === 0 ? null : at - clock.readAt };
    const facts = { dossier: reader.dossier(index), today: dayOf(at) };
    const next = setClock(facts, { observed, changed, weights, budget, leastSeconds: 900, random: random() });
    weights += next.weight - clock.observed.weight;
    clocks[index] = { due: at + next.inSeconds / 86_400, readAt: at, observed: next };
  };
  let nextList = 0;
  for (let at = stepDays; at < days; at += stepDays) {
    if (at >= nextList) {
      budget = budgetNow();
      nextList = at + budget.listSeconds / 86_400;
      reader.calls += listCalls;
      for (const index of lives.keys()) if (reader.pointed(at, index)) turn(at, index);
    }
    let left = Math.max(0, Math.floor(at * callsPerDay) - reader.calls);
    const due = [...clocks.keys()].filter(
      (index) => (clocks[index]?.due ?? 0) <= at && (lives[index]?.born ?? 0) <= at,
    );
    for (const index of due.sort((one, other) => (clocks[one]?.due ?? 0) - (clocks[other]?.due ?? 0)))
      if (left-- > 0) turn(at, index);
  }
  return reader.result();
}

/** The plain way: the detail of every open dossier, one after the other, all calls spent on it. */
export function simulateFixed({ days }: Simulation, lives: readonly Life[], calls: number): Detection {
  const reader = new Reader(lives);
  let index = 0;
  for (let call = 0; call < calls; call++) {
    const at = ((call + 1) / calls) * days;
    for (let tried = 0; tried < lives.length; tried++) {
      index = (index + 1) % lives.length;
      if (reader.isOpen(at, index)) break;
    }
    reader.read(at, index);
  }
  return reader.result();
}
