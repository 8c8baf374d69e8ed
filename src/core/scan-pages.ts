import type { OpcoAdapter } from './endpoint.js';
import { fail } from './errors.js';
import type { Exchange } from './exchange.js';

/** Reads one page of a list; `query` is `{}` where everything comes in one array. */
export type ReadPage = (query: { numeroPage?: number }) => Promise<Pick<Exchange, 'reply'>>;

/** A list of an OPCO, and what names its rows. */
export interface PagedList<Row> {
  readonly paging: OpcoAdapter['paging'];
  numberOf(row: Row): string | undefined;
}

/** A page as an OPCO gives it, in our words. */
interface UpstreamPage<Row> {
  readonly data: readonly Row[];
  readonly page: number;
  readonly total: number | null;
}

/** More than any CFA has: an OPCO that never ends its list is broken. */
const mostPages = 10_000;

/**
 * The rows of a list, page by page, each number once. Throws what settled a page that failed, and UPSTREAM_INVALID when the
 * pages do not advance; what was given before that stands. Returns whether all was seen that the OPCO says there is: only then
 * does an absence mean anything.
 */
export async function* scanPages<Row>(
  { paging, numberOf }: PagedList<Row>,
  readPage: ReadPage,
): AsyncGenerator<readonly Row[], boolean> {
  const seen = new Set<string>();
  const unseen = (rows: readonly Row[]) =>
    rows.filter((row) => {
      const number = numberOf(row) ?? '';
      return !seen.has(number) && seen.add(number);
    });
  if (paging.kind === 'whole') {
    yield unseen(pageOf<Row>(await readPage({})).data);
    return true;
  }
  // Without a total the size of a page is what the first one held: the adapter's own figure is a guess.
  let first: number | undefined;
  for (let numeroPage = 1; numeroPage <= mostPages; numeroPage++) {
    const { data, total, page } = pageOf<Row>(await readPage({ numeroPage }));
    if (data.length === 0) return total === null || seen.size >= total;
    const fresh = unseen(data);
    // The number told is not the number asked, or everything was there before: the OPCO repeats a page.
    if (page !== numeroPage || fresh.length === 0)
      throw fail('UPSTREAM_INVALID', { detail: "L'OPCO répète une page de la liste." });
    yield fresh;
    if (total !== null ? seen.size >= total : data.length < (first ??= data.length)) return true;
  }
  throw fail('UPSTREAM_INVALID', { detail: "La liste de l'OPCO ne se termine pas." });
}

function pageOf<Row>(exchange: Pick<Exchange, 'reply'>): UpstreamPage<Row> {
  return exchange.reply().value() as UpstreamPage<Row>;
}
