import { isLoose, withoutNulls, type Loose, fromUpstream } from './words.js';

/** A count as it came, text of digits included, for validation to respell and to report; null for anything else. */
const count = (value: unknown): unknown =>
  /^\d{1,12}$/.test(String(value)) && typeof value !== 'object' ? value : null;

/** A row in our words; a row that is no object stays, for validation to refuse. */
function rowOf(value: unknown): unknown {
  return isLoose(value) ? withoutNulls(fromUpstream(value) as Loose) : value;
}

/** V1: a plain array is the one and only page. Undefined for anything else. */
export function readWhole(body: unknown): unknown {
  return Array.isArray(body) ? { data: body.map(rowOf), total: body.length, page: 1 } : undefined;
}

/** Where a V2 page of states keeps its rows (norm.md 3.10). */
export const etatRows = ['EtatDossierResult', 'etatDossierResult'] as const;
/** Where a V2 page of invoices keeps its rows. */
export const factureRows = ['factures', 'Factures'] as const;

/**
 * V2: `{total, count, page, <rows>}`, possibly wrapped in an array of one (norm.md 3.10). `asked` stands for
 * the page number where the OPCO does not repeat it. A page that says another number than asked is kept as told: the
 * reader of pages must see it. Members that the norm does not name stay, for validation to report.
 */
export function readPage(body: unknown, asked: number, names: readonly string[]): unknown {
  const page = Array.isArray(body) && body.length === 1 ? (body[0] as unknown) : body;
  if (!isLoose(page)) return undefined;
  const name = names.find((each) => page[each] !== undefined) ?? '';
  const { [name]: rows, total, count: _onThisPage, page: told, ...others } = page;
  const listed = rows === null && Number(count(total)) === 0 ? [] : rows;
  if (!Array.isArray(listed)) return undefined;
  const numbered = count(told);
  return { ...others, data: listed.map(rowOf), total: count(total), page: Number(numbered) === 0 ? asked : numbered };
}
