import type { Etat, EtatsUpstreamPage } from '../core/contract/etats.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import { fail } from '../core/errors.js';
import type { Exchange } from '../core/exchange.js';

/** Reads one page of states; `query` is `{}` where everything comes in one array. */
export type ReadPage = (query: { numeroPage?: number }) => Promise<Exchange>;

/** More than any CFA has: an OPCO that never ends its list is broken. */
const mostPages = 10_000;

/**
 * The states of all dossiers, page by page, each number once. Throws what settled a page that failed, and
 * UPSTREAM_INVALID when the pages do not advance; what was given before that stands.
 */
export async function* scanEtats(
  paging: OpcoAdapter['paging'],
  readPage: ReadPage,
): AsyncGenerator<readonly Etat[], void> {
  if (paging.kind === 'whole') {
    yield unseen(pageOf(await readPage({})).data, new Set());
    return;
  }
  const seen = new Set<string>();
  for (let numeroPage = 1; numeroPage <= mostPages; numeroPage++) {
    const { data, total, page } = pageOf(await readPage({ numeroPage }));
    if (data.length === 0) return;
    const fresh = unseen(data, seen);
    // The number told is not the number asked, or everything was there before: the OPCO repeats a page.
    if (page !== numeroPage || fresh.length === 0)
      throw fail('UPSTREAM_INVALID', { detail: "L'OPCO répète une page de la liste." });
    yield fresh;
    if (total !== null ? seen.size >= total : data.length < paging.size) return;
  }
  throw fail('UPSTREAM_INVALID', { detail: "La liste de l'OPCO ne se termine pas." });
}

function pageOf(exchange: Exchange): EtatsUpstreamPage {
  return exchange.reply().value() as EtatsUpstreamPage;
}

function unseen(rows: readonly Etat[], seen: Set<string>): readonly Etat[] {
  return rows.filter(({ numeroInterne }) => !seen.has(numeroInterne) && seen.add(numeroInterne));
}
