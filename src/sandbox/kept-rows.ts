/** Rows on one V2 page, and in one piece of what is kept. */
export const pageSize = 100;

/** What the rows are made of. */
export interface RowSource<T> {
  /** In the order in which they came. */
  rows(): readonly T[];
  /** What a row shows at an instant. */
  show(row: T, now: number): unknown;
  /** When it shows something else by itself, virtual milliseconds; Infinity for never. */
  nextChange(row: T, now: number): number;
}

/** The text of some rows, without the brackets of an array, and how long it holds. */
interface Piece {
  readonly bytes: Buffer;
  readonly count: number;
  readonly from: number;
  readonly until: number;
}

/**
 * Rows written to bytes by the hundred and kept until one of them changes: a reader that polls costs no serialisation,
 * and a page of a hundred thousand dossiers no more than one of a hundred.
 *
 *     made at t ──same bytes──▶ next change of one of its rows, a row more in it, or `forget()` ──▶ made again when asked
 */
export class KeptRows<T> {
  #pieces: Piece[] = [];
  #whole: Piece | undefined;

  constructor(private readonly source: RowSource<T>) {}

  /** The rows of a page, from 1: their JSON joined by commas, and how many they are. */
  page(page: number, now: number): { readonly bytes: Buffer; readonly count: number } {
    return this.#piece(page - 1, this.source.rows(), now);
  }

  /** All rows as a JSON array. */
  whole(now: number): Buffer {
    const rows = this.source.rows();
    if (this.#whole && holds(this.#whole, rows.length, now)) return this.#whole.bytes;
    const pieces = Array.from({ length: Math.ceil(rows.length / pageSize) }, (_, rank) => this.#piece(rank, rows, now));
    this.#whole = {
      bytes: Buffer.from(`[${pieces.map(({ bytes }) => bytes.toString('utf8')).join(',')}]`),
      count: rows.length,
      from: now,
      until: pieces.reduce((first, { until }) => Math.min(first, until), Infinity),
    };
    return this.#whole.bytes;
  }

  /** Must follow a change that no row tells. */
  forget(): void {
    this.#pieces = [];
    this.#whole = undefined;
  }

  #piece(rank: number, rows: readonly T[], now: number): Piece {
    const count = Math.max(0, Math.min(pageSize, rows.length - rank * pageSize));
    const kept = this.#pieces[rank];
    if (kept && holds(kept, count, now)) return kept;
    const made = this.#make(rows.slice(rank * pageSize, rank * pageSize + count), now);
    // A page past the end is nothing to keep: its number is whatever somebody asks for.
    if (count > 0) this.#pieces[rank] = made;
    return made;
  }

  #make(rows: readonly T[], now: number): Piece {
    const bytes = Buffer.from(rows.map((row) => JSON.stringify(this.source.show(row, now))).join(','));
    const until = rows.reduce((first, row) => Math.min(first, this.source.nextChange(row, now)), Infinity);
    return { bytes, count: rows.length, from: now, until };
  }
}

const holds = ({ count, from, until }: Piece, rows: number, now: number): boolean =>
  count === rows && from <= now && now < until;
