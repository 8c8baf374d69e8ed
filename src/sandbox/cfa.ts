import { createHash } from 'node:crypto';
import { identifier, type Dialect } from './dialect.js';
import { commentaireOf, etatOf, nextEtat, type SandboxDossier } from './dossier.js';
import { factureRow, nextPayment, type SandboxFacture } from './facture.js';
import type { KeptFile } from './form.js';
import { KeptRows } from './kept-rows.js';
import { midnight } from './paris-days.js';

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

/** Of a key that no control call limits: until the end of 2099, in Paris. */
export const openValidity: Validity = { from: -Infinity, until: midnight('2100-01-01') - 1 };

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
  validity: Validity = openValidity;
  /** First day of its activity; undefined for one that is no longer new. */
  activeSince?: string;
  readonly #billed = new Map<string, SandboxFacture[]>();
  /** The rows of the lists, in the order in which they came. */
  #dossiers: SandboxDossier[] = [];
  readonly #factures: SandboxFacture[] = [];
  readonly #etats: KeptRows<SandboxDossier>;
  readonly #facturesEtats: KeptRows<SandboxFacture>;

  constructor(
    readonly dialect: Dialect,
    apiKey: string,
    readonly siret: string,
  ) {
    this.fingerprint = createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
    this.#etats = new KeptRows({
      rows: () => this.#dossiers,
      show: (dossier, now) => dossierRow(dossier, dialect, now),
      nextChange: nextEtat,
    });
    this.#facturesEtats = new KeptRows({
      rows: () => this.#factures,
      show: (facture, now) => factureRow(facture, dialect, now),
      nextChange: nextPayment,
    });
  }

  keep(dossier: SandboxDossier): void {
    this.dossiers.set(dossier.numeroInterne, dossier);
    this.byExterne.set(dossier.numeroExterne, dossier);
    this.#dossiers.push(dossier);
  }

  keepFacture(facture: SandboxFacture): void {
    this.factures.set(facture.numeroInterneFacture, facture);
    this.references.add(facture.reference);
    this.#factures.push(facture);
    for (const numeroInterne of new Set(facture.lignes.map(({ dossier }) => dossier.numeroInterne)))
      this.#billed.set(numeroInterne, [...this.facturesOn(numeroInterne), facture]);
  }

  /** The invoices that have a line on this dossier. */
  facturesOn(numeroInterne: string): readonly SandboxFacture[] {
    return this.#billed.get(numeroInterne) ?? [];
  }

  /** The V1 array of states, as bytes. */
  etatsWhole(now: number): Buffer {
    return this.#etats.whole(now);
  }

  /** The V2 page of states, from 1, as bytes; past the end it is empty. */
  etatsPage(page: number, now: number): Buffer {
    return this.#page('EtatDossierResult', { page, total: this.#dossiers.length, rows: this.#etats.page(page, now) });
  }

  /** The V2 page of invoice states, as bytes. */
  facturesPage(page: number, now: number): Buffer {
    return this.#page('factures', { page, total: this.#factures.length, rows: this.#facturesEtats.page(page, now) });
  }

  /** Must follow a change of a dossier or an invoice that no life tells. */
  rowsChanged(): void {
    this.#etats.forget();
    this.#facturesEtats.forget();
  }

  /** The same, for one that put other dossiers into `dossiers`. */
  forgetLists(): void {
    this.#dossiers = [...this.dossiers.values()];
    this.rowsChanged();
  }

  #page(
    name: string,
    page: { readonly page: number; readonly total: number; readonly rows: { bytes: Buffer; count: number } },
  ): Buffer {
    const { bytes, count } = page.rows;
    const [open, close] = this.dialect.wrapsPages ? ['[', ']'] : ['', ''];
    const head = `${open}{"total":${page.total},"count":${count},"page":${page.page},"${name}":[`;
    return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`]}${close}`)]);
  }
}

/** A row of `GET dossiers/etats` (norm.md 3.10). */
function dossierRow(dossier: SandboxDossier, dialect: Dialect, now: number): unknown {
  return {
    numeroInterne: identifier(dialect, dossier.numeroInterne),
    numeroExterne: dossier.numeroExterne,
    numeroDeca: dossier.numeroDeca,
    etat: etatOf(dossier, dialect, now),
    commentaireEtat: commentaireOf(dossier, now) || null,
  };
}
