import type { SyncEstimate } from '../core/contract/sync.js';
import type { OpcoAdapter } from '../core/endpoint.js';

/** What one page of the list says of the whole. */
export interface FirstPage {
  readonly rows: number;
  /** As the OPCO tells it; null where it does not. */
  readonly total: number | null;
}

/** What an estimate is made of. */
export interface EstimateFacts {
  readonly paging: OpcoAdapter['paging'];
  readonly callsPerSecond: number;
  /** Undefined when the OPCO could not be asked. */
  readonly page: FirstPage | undefined;
  /** Dossiers of which a version is kept. */
  readonly known: number;
}

/** Calls and minutes of a synchronisation: at the full rate that the OPCO allows, hence rarely less. */
export function estimateOf({ paging, callsPerSecond, page, known }: EstimateFacts): SyncEstimate {
  const { dossiers, basis } = countOf(paging, page, known);
  if (dossiers === null) return { dossiers, calls: null, minutes: null, callsPerSecond, basis };
  const calls = pagesOf(dossiers, paging, page) + dossiers;
  return { dossiers, calls, minutes: Math.ceil((calls / callsPerSecond / 60) * 10) / 10, callsPerSecond, basis };
}

function countOf(
  paging: OpcoAdapter['paging'],
  page: FirstPage | undefined,
  known: number,
): Pick<SyncEstimate, 'dossiers' | 'basis'> {
  if (page && paging.kind === 'whole') return { dossiers: page.rows, basis: 'opco' };
  if (page && page.total !== null) return { dossiers: Math.max(page.total, page.rows), basis: 'opco' };
  // Nothing is on the first page, so there is nothing at all.
  if (page?.rows === 0) return { dossiers: 0, basis: 'opco' };
  const atLeast = Math.max(known, page?.rows ?? 0);
  return known > 0 ? { dossiers: atLeast, basis: 'snapshots' } : { dossiers: null, basis: 'unknown' };
}

/** Only a page that more rows follow tells how long pages are. */
function pagesOf(dossiers: number, paging: OpcoAdapter['paging'], page: FirstPage | undefined): number {
  if (paging.kind === 'whole') return 1;
  const size = page && page.rows > 0 && page.rows < dossiers ? page.rows : Math.max(paging.size, page?.rows ?? 0);
  return Math.max(1, Math.ceil(dossiers / size));
}
