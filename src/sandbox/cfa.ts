import { createHash } from 'node:crypto';
import { identifier, type Dialect } from './dialect.js';
import { etatOf, type SandboxDossier } from './dossier.js';
import { factureRow, nextPayment, type SandboxFacture } from './facture.js';
import type { KeptFile } from './form.js';
import { KeptLists } from './kept-lists.js';
import { nextChange } from './lifecycle.js';

/** A document that an OPCO holds, whatever route it came by: what it belongs to, and its file by digest only. */
export interface SandboxDocument {
  readonly numeroInterneDocument: string;
  readonly type: 'convention' | 'facture' | 'certificat' | 'document';
  /** Our own numbers of the objects it belongs to. */
  readonly objets: readonly string[];
  /** A certificate may come without. */
  readonly file: KeptFile | undefined;
}

/** From when until when a key is good, in virtual milliseconds; both ends are inside. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

/** Rows on one V2 page. */
export const pageSize = 100;

/** What one OPCO knows under one CFA key. */
export class SandboxCfa {
  readonly fingerprint: string;
  readonly dossiers = new Map<string, SandboxDossier>();
  /** The same dossiers by the number that invoices use. */
  readonly byExterne = new Map<string, SandboxDossier>();
  /** The dossier that a contract became, by what makes two contracts the same. */
  readonly contracts = new Map<string, SandboxDossier>();
  readonly factures = new Map<string, SandboxFacture>();
  /** The CFA's own invoice numbers: each is taken once. */
  readonly references = new Set<string>();
  readonly documents: SandboxDocument[] = [];
  /** Always, until a control call says otherwise. */
  validity: Validity = { from: -Infinity, until: Date.parse('2099-12-31T23:59:59.999Z') };
  readonly #billed = new Map<string, SandboxFacture[]>();
  readonly #etats: KeptLists;
  readonly #facturesEtats: KeptLists;

  constructor(
    readonly dialect: Dialect,
    apiKey: string,
    readonly siret: string,
  ) {
    this.fingerprint = createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
    this.#etats = keptLists(this.dossiers, ({ life }, now) => nextChange(life, now));
    this.#facturesEtats = keptLists(this.factures, nextPayment);
  }

  keep(dossier: SandboxDossier): void {
    this.dossiers.set(dossier.numeroInterne, dossier);
    this.byExterne.set(dossier.numeroExterne, dossier);
  }

  keepFacture(facture: SandboxFacture): void {
    this.factures.set(facture.numeroInterneFacture, facture);
    this.references.add(facture.reference);
    for (const numeroInterne of new Set(facture.lignes.map(({ dossier }) => dossier.numeroInterne)))
      this.#billed.set(numeroInterne, [...this.facturesOn(numeroInterne), facture]);
  }

  /** The invoices that have a line on this dossier. */
  facturesOn(numeroInterne: string): readonly SandboxFacture[] {
    return this.#billed.get(numeroInterne) ?? [];
  }

  /** The V1 array of states, as bytes. */
  etatsWhole(now: number): Buffer {
    return this.#etats.get('whole', now, () => this.#rows([...this.dossiers.values()], now));
  }

  /** The V2 page of states, from 1, as bytes; past the end it is empty. */
  etatsPage(page: number, now: number): Buffer {
    return this.#etats.get(`page ${page}`, now, () =>
      this.#page('EtatDossierResult', page, { all: this.dossiers, rows: (part) => this.#rows(part, now) }),
    );
  }

  /** The V2 page of invoice states, as bytes. */
  facturesPage(page: number, now: number): Buffer {
    const rows = (part: readonly SandboxFacture[]) => part.map((each) => factureRow(each, this.dialect, now));
    return this.#facturesEtats.get(`page ${page}`, now, () =>
      this.#page('factures', page, { all: this.factures, rows }),
    );
  }

  /** Must follow a change that no life tells. */
  forgetLists(): void {
    this.#etats.forget();
    this.#facturesEtats.forget();
  }

  #page<T>(
    name: string,
    page: number,
    { all, rows }: { all: ReadonlyMap<string, T>; rows: (part: readonly T[]) => unknown[] },
  ): unknown {
    const data = rows([...all.values()].slice((page - 1) * pageSize, page * pageSize));
    const answer = { total: all.size, count: data.length, page, [name]: data };
    return this.dialect.wrapsPages ? [answer] : answer;
  }

  #rows(dossiers: readonly SandboxDossier[], now: number): unknown[] {
    return dossiers.map((dossier) => ({
      numeroInterne: identifier(this.dialect, dossier.numeroInterne),
      numeroExterne: dossier.numeroExterne,
      numeroDeca: dossier.numeroDeca,
      etat: etatOf(dossier, this.dialect, now),
      commentaireEtat: dossier.forced?.commentaire ?? null,
    }));
  }
}

function keptLists<T>(rows: ReadonlyMap<string, T>, next: (row: T, now: number) => number): KeptLists {
  return new KeptLists({
    size: () => rows.size,
    nextChange: (now) => {
      let first = Infinity;
      for (const row of rows.values()) first = Math.min(first, next(row, now));
      return first;
    },
  });
}
