import { closeSync, openSync, writeSync } from 'node:fs';

/** What a request left behind at the OPCO. */
export interface Effect {
  readonly type: 'dossier' | 'convention' | 'facture' | 'certificat' | 'document' | 'rupture';
  /** Of the dossier. */
  readonly numeroInterne?: string;
  readonly numeroInterneFacture?: string;
  readonly numeroInterneDocument?: string;
  /** sha256 of the file, hex. */
  readonly fichier?: string;
  readonly octets?: number;
}

/** One request as the sandbox saw it. Holds no key, no token and no body: fingerprints and names only. */
export interface LedgerLine {
  readonly seq: number;
  /** Real time, ISO. */
  readonly time: string;
  readonly virtualTime: string;
  readonly opcoId: string | null;
  /** First twelve hex digits of the sha256 of the X-API-KEY. */
  readonly cfa: string | null;
  readonly method: string;
  readonly path: string;
  /** Names of the query parameters. */
  readonly query: readonly string[];
  /** 0 when the connection was cut without an answer. */
  readonly status: number;
  readonly decision: string;
  readonly committed: Effect | null;
  /** sha256 of the body, hex; null without one. */
  readonly body: string | null;
}

/** Which lines a reader wants. */
export interface LedgerFilter {
  readonly opcoId?: string;
  /** Only lines whose `seq` is greater. */
  readonly after?: number;
  readonly committed?: boolean;
}

/** Lines without an effect that stay in memory; effects are never forgotten. */
const keptLines = 200_000;

/**
 * Append-only: every request in the order it was decided. The file, when asked for, has every line as soon as it is
 * written: killing the sandbox loses none.
 */
export class Ledger {
  #lines: LedgerLine[] = [];
  #committed: LedgerLine[] = [];
  #seq = 0;
  readonly #file: number | undefined;

  constructor(path?: string) {
    this.#file = path === undefined ? undefined : openSync(path, 'a', 0o600);
  }

  append(line: Omit<LedgerLine, 'seq'>): void {
    const written: LedgerLine = { seq: ++this.#seq, ...line };
    this.#lines.push(written);
    if (written.committed) this.#committed.push(written);
    if (this.#lines.length > keptLines * 2) this.#lines = this.#lines.slice(-keptLines);
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(written)}\n`);
  }

  read({ opcoId, after = 0, committed }: LedgerFilter): readonly LedgerLine[] {
    const lines = committed ? this.#committed : this.#lines;
    return lines.filter((line) => line.seq > after && (opcoId === undefined || line.opcoId === opcoId));
  }

  /** Forgets what is in memory; the file and the numbering go on. */
  clear(): void {
    this.#lines = [];
    this.#committed = [];
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
