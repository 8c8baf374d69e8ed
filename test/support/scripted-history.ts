import type { ErrorCode } from '../../src/core/errors.js';
import type { Call } from '../../src/core/exchange.js';
import type { ScriptedOpco } from './polled-opco.js';

/** One change that the script has made: what must be told of it, once. */
export interface Change {
  readonly about: string;
  readonly before: unknown;
  readonly after: unknown;
}

const etats = ['TRANSMIS', 'EN_COURS_INSTRUCTION', 'ENGAGE', 'RUPTURE', 'SOLDE'];
const states = ['TRANSMISE', 'EN_COURS_INSTRUCTION', 'REGLE', 'REJETEE'];
const codes: readonly ErrorCode[] = ['RATE_LIMITED', 'UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT'];

/** What a bad day does to one page of a list. */
const spoilt: readonly ((data: object[], page: number, total: number) => object)[] = [
  (data, page, total) => ({ data: data.slice(1), total, page }),
  (data, _page, total) => ({ data, total, page: 1 }),
  (_data, page, total) => ({ data: [], total, page }),
  (data, page, total) => ({ data, total: total + page, page }),
  (data, page) => ({ data, total: null, page }),
  // A list that is sure of itself and lacks a row.
  (data, page, total) => ({ data: page === 1 ? data.slice(1) : data, total: total - 1, page }),
  // Rows have moved: the first one is seen again, another one never.
  (data, page, total) => ({
    data: page === 1 ? data : [...data.slice(1), { numeroInterne: 'D1', etat: 'ENGAGE' }],
    total,
    page,
  }),
];

/** An OPCO's life and bad days out of one seed: the same seed, the same script. */
export class ScriptedHistory {
  readonly changes: Change[] = [];
  #faulty = false;
  #hidden: string | undefined;
  #seed: number;

  constructor(
    private readonly opco: ScriptedOpco,
    seed: number,
    { dossiers, factures }: { readonly dossiers: number; readonly factures: number },
  ) {
    this.#seed = seed;
    for (let at = 1; at <= dossiers; at++) opco.dossiers.set(`D${at}`, { etat: 'TRANSMIS', engagement: 1000 });
    opco.factures = new Map(Array.from({ length: factures }, (_, at) => [`F${at + 1}`, { etat: 'TRANSMISE' }]));
    opco.failing = (call) => this.#failing(call);
    const { page, facturesPage } = opco;
    opco.page = (data, numero) =>
      this.#lying(data, numero) ?? this.#page(data, numero, opco.dossiers.size) ?? page(data, numero);
    opco.facturesPage = (data, numero) => this.#page(data, numero, factures, 4) ?? facturesPage(data, numero);
    const { run } = opco;
    opco.run = (call) => run.call(opco, this.#faulty && this.#chance(0.05) ? this.#mixedUp(call) : call);
  }

  /** The list lacks this dossier from now on, and is sure of it; the OPCO still has it. Nobody: the list is whole again. */
  hide(numeroInterne?: string): void {
    this.#hidden = numeroInterne;
  }

  /** Bad days begin or end. */
  badDays(on: boolean): void {
    this.#faulty = on;
  }

  /** Changes some of what may change: what was told of, so that two changes never look like one. */
  step(settled: (about: string) => boolean): void {
    for (const [numero, shown] of this.opco.dossiers) {
      const about = `dossier ${numero}`;
      if (!settled(about) || !this.#chance(0.15)) continue;
      if (this.#chance(0.5)) {
        const etat = this.#other(etats, shown.etat);
        this.changes.push({ about, before: shown.etat, after: etat });
        shown.etat = etat;
      } else {
        const engagement = (shown.engagement ?? 0) + 1 + Math.floor(this.#random() * 500);
        this.changes.push({ about, before: shown.engagement, after: engagement });
        shown.engagement = engagement;
      }
    }
    for (const [numero, shown] of this.opco.factures ?? []) {
      const about = `facture ${numero}`;
      if (!settled(about) || !this.#chance(0.15)) continue;
      const etat = this.#other(states, shown.etat);
      this.changes.push({ about, before: shown.etat, after: etat });
      shown.etat = etat;
    }
  }

  #failing({ endpoint, query }: Call): ErrorCode | undefined {
    if (endpoint === 'dossier' && !this.opco.dossiers.has(String(query['numeroInterne']))) return 'NOT_FOUND';
    return this.#faulty && this.#chance(0.08) ? this.#pick(codes) : undefined;
  }

  #lying(data: object[], page: number): object | undefined {
    if (this.#hidden === undefined) return undefined;
    const shown = data.filter((row) => (row as { numeroInterne: string }).numeroInterne !== this.#hidden);
    return { data: shown, total: this.opco.dossiers.size - 1, page };
  }

  #page(data: object[], page: number, total: number, kinds = spoilt.length): object | undefined {
    return this.#faulty && this.#chance(0.04) ? this.#pick(spoilt.slice(0, kinds))(data, page, total) : undefined;
  }

  /** The detail of another dossier than asked. */
  #mixedUp(call: Call): Call {
    return call.endpoint === 'dossier'
      ? { ...call, query: { numeroInterne: this.#pick([...this.opco.dossiers.keys()]) } }
      : call;
  }

  #other(all: readonly string[], one: string): string {
    return this.#pick(all.filter((each) => each !== one));
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  /** Mulberry32. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
