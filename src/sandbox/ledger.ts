import { LedgerFile } from './ledger-file.js';

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
  /** From 1, without a gap, in the order of the decisions; a reset begins at 1 again. */
  readonly seq: number;
  /** Real time, ISO: the one field that the same seed and the same requests do not repeat. */
  readonly time: string;
  readonly virtualTime: string;
  readonly opcoId: string | null;
  /** Our name of the route, such as `etats`; `token` for the token endpoint, null where the OPCO has no such route. */
  readonly route: string | null;
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
  /** Fingerprint of what makes two deposits the same one, whatever numbers they got; null without an effect. */
  readonly key: string | null;
  /** The fault that was played, as it was spelled. */
  readonly fault: string | null;
  /** Of an effect that came after the answer: `seq` of the request's own line. */
  readonly late?: number;
  /** sha256 of the body, hex; null without one. */
  readonly body: string | null;
}

/** Which lines a reader wants. */
export interface LedgerFilter {
  readonly opcoId?: string;
  readonly cfa?: string;
  readonly route?: string;
  readonly method?: string;
  readonly decision?: string;
  readonly status?: number;
  /** True for lines on which a fault was played. */
  readonly faulty?: boolean;
  /** Only lines whose `seq` is greater. */
  readonly after?: number;
  readonly committed?: boolean;
  /** The first so many; all when absent. */
  readonly limit?: number;
}

/** Lines that stay in memory; older ones are in the file alone. Effects are never forgotten: there are as many as deposits. */
const keptLines = 200_000;

/** Append-only: every request in the order it was decided. */
export class Ledger {
  #ring: LedgerLine[] = [];
  #committed: LedgerLine[] = [];
  #seq = 0;
  readonly #file: LedgerFile | undefined;

  constructor(
    path?: string,
    private readonly kept = keptLines,
  ) {
    this.#file = path === undefined ? undefined : new LedgerFile(path);
  }

  /** Gives the line's number. */
  append(line: Omit<LedgerLine, 'seq'>): number {
    const seq = ++this.#seq;
    const written: LedgerLine = { seq, ...line };
    this.#ring[(seq - 1) % this.kept] = written;
    if (written.committed) this.#committed.push(written);
    this.#file?.write(written);
    return seq;
  }

  /** The number of the last line; 0 before the first. */
  get last(): number {
    return this.#seq;
  }

  /** Lines by number; those that fell out of memory are left out, effects aside. */
  read(filter: LedgerFilter): readonly LedgerLine[] {
    const found: LedgerLine[] = [];
    for (const line of filter.committed ? from(this.#committed, filter.after) : this.#since(filter.after)) {
      if (!fits(line, filter)) continue;
      found.push(line);
      if (found.length === filter.limit) break;
    }
    return found;
  }

  /** All that is in memory, in order: effects from the first line on, all else as far back as it was kept. */
  *history(): Generator<LedgerLine> {
    const first = Math.max(this.#seq - this.kept, 0);
    for (const line of this.#committed) if (line.seq <= first) yield line;
    yield* this.#since();
  }

  /** The effects from the newest on. */
  *effectsBackwards(): Generator<LedgerLine> {
    for (let index = this.#committed.length - 1; index >= 0; index -= 1) {
      const line = this.#committed[index];
      if (line) yield line;
    }
  }

  *#since(after = 0): Generator<LedgerLine> {
    for (let seq = Math.max(after, this.#seq - this.kept, 0) + 1; seq <= this.#seq; seq += 1) {
      const line = this.#ring[(seq - 1) % this.kept];
      if (line) yield line;
    }
  }

  /** As new, numbering too; the file goes on with what it has. */
  clear(): void {
    this.#ring = [];
    this.#committed = [];
    this.#seq = 0;
  }

  close(): void {
    this.#file?.close();
  }
}

const from = (lines: readonly LedgerLine[], after = 0) => lines.filter(({ seq }) => seq > after);

const compared = ['opcoId', 'cfa', 'route', 'method', 'decision', 'status'] as const;

const fits = (line: LedgerLine, filter: LedgerFilter) =>
  compared.every((name) => filter[name] === undefined || filter[name] === line[name]) &&
  (filter.faulty === undefined || filter.faulty === (line.fault !== null));
