import { createHash } from 'node:crypto';
import type { Dialect } from './dialects.js';
import { nextChange, stateAt, type Lifecycle } from './lifecycle.js';

/** A contract that an OPCO holds. `cerfa` is as it was sent, in the norm's words. */
export interface SandboxDossier {
  readonly numeroInterne: string;
  readonly numeroExterne: string;
  readonly numeroDeca: string;
  readonly cerfa: Readonly<Record<string, unknown>>;
  readonly life: Lifecycle;
  /** Set by a control call; overrides the life. */
  forced?: { readonly etat: string; readonly commentaire: string };
}

/** A document that an OPCO holds: its file by sha256 only. */
export interface SandboxDocument {
  readonly numeroInterneDocument: string;
  readonly fichier: string;
  readonly octets: number;
  readonly infos: unknown;
}

/** The state of a dossier as this OPCO spells it. */
export function etatOf(dossier: SandboxDossier, dialect: Dialect, now: number): string {
  const etat = dossier.forced?.etat ?? stateAt(dossier.life, now);
  return dialect.dirty && etat === 'RUPTURE' ? 'RUPTU' : etat;
}

/** Rows on one V2 page. */
export const pageSize = 100;

/**
 * What one OPCO knows under one CFA key. Lists are written to bytes once and kept until a deposit or a change of state:
 * a reader that polls costs no serialisation.
 */
export class SandboxCfa {
  readonly fingerprint: string;
  readonly dossiers = new Map<string, SandboxDossier>();
  readonly documents: SandboxDocument[] = [];
  #lists = new Map<string, Buffer>();
  #listsFrom = 0;
  #listsUntil = 0;
  #listsSize = -1;

  constructor(
    readonly dialect: Dialect,
    apiKey: string,
    readonly siret: string,
  ) {
    this.fingerprint = createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
  }

  /** The V1 array of states, as bytes. */
  etatsWhole(now: number): Buffer {
    return this.#list('whole', now, () => this.#rows([...this.dossiers.values()], now));
  }

  /** The V2 page of states, from 1, as bytes; past the end it is empty. */
  etatsPage(page: number, now: number): Buffer {
    return this.#list(`page ${page}`, now, () => {
      const all = [...this.dossiers.values()];
      const rows = this.#rows(all.slice((page - 1) * pageSize, page * pageSize), now);
      return { total: all.length, count: rows.length, page, EtatDossierResult: rows };
    });
  }

  /** Must follow a change that the life of a dossier does not tell. */
  forgetLists(): void {
    this.#listsSize = -1;
  }

  #rows(dossiers: readonly SandboxDossier[], now: number): unknown[] {
    return dossiers.map((dossier) => ({
      numeroInterne: this.dialect.dirty ? Number(dossier.numeroInterne) : dossier.numeroInterne,
      numeroExterne: dossier.numeroExterne,
      numeroDeca: dossier.numeroDeca,
      etat: etatOf(dossier, this.dialect, now),
      commentaireEtat: dossier.forced?.commentaire ?? null,
    }));
  }

  #list(name: string, now: number, make: () => unknown): Buffer {
    if (now >= this.#listsUntil || now < this.#listsFrom || this.#listsSize !== this.dossiers.size) this.#renew(now);
    const kept = this.#lists.get(name);
    if (kept) return kept;
    const made = Buffer.from(JSON.stringify(make()));
    this.#lists.set(name, made);
    return made;
  }

  #renew(now: number): void {
    this.#lists.clear();
    this.#listsSize = this.dossiers.size;
    this.#listsFrom = now;
    this.#listsUntil = Infinity;
    for (const { life } of this.dossiers.values()) this.#listsUntil = Math.min(this.#listsUntil, nextChange(life, now));
  }
}
