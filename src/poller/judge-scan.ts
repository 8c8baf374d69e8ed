/** What one reading of an OPCO's list came to. */
export interface ScanFacts {
  /** The pages were read to their end, as far as the OPCO says where that is. */
  readonly complete: boolean;
  /** Rows on all pages, and how many different numbers stood in them. */
  readonly rows: number;
  readonly numbers: number;
  /** Every total that a page told; null where it told none. */
  readonly totals: ReadonlySet<number | null>;
}

/**
 * Whether an absence from this list means anything: read to its end, no number twice (pages moved meanwhile), one total throughout,
 * and as many numbers as it says. A list that tells no total proves no absence.
 */
export function isVerified({ complete, rows, numbers, totals }: ScanFacts): boolean {
  const [total = null, ...others] = totals;
  return complete && rows === numbers && others.length === 0 && total === numbers;
}

/** How many dossiers are absent from two verified scans, beside what is watched. */
export interface Absences {
  readonly candidates: number;
  /** Watched dossiers, the absent ones included. */
  readonly known: number;
  /** Ended within the last day: many small steps are one large one. */
  readonly endedLately: number;
}

const fewest = 3;
const share = 0.05;
const most = 50;

/** Whether so many absences are the OPCO's trouble rather than news (product.md 9): then nothing is ended. */
export function isMassDeletion({ candidates, known, endedLately }: Absences): boolean {
  const inAll = candidates + endedLately;
  return candidates > 0 && (inAll > Math.max(fewest, share * (known + endedLately)) || inAll > most);
}
