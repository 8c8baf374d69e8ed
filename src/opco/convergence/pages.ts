import { isLoose, withoutNulls, type Loose, fromUpstream } from './words.js';

const whole = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;

/** A row in our words; a row that is no object stays, for validation to refuse. */
function rowOf(value: unknown): unknown {
  return isLoose(value) ? withoutNulls(fromUpstream(value) as Loose) : value;
}

/** V1: a plain array is the one and only page. Undefined for anything else. */
export function readWhole(body: unknown): unknown {
  return Array.isArray(body) ? { data: body.map(rowOf), total: body.length, page: 1 } : undefined;
}

/**
 * V2: `{total, count, page, EtatDossierResult}`, possibly wrapped in an array of one (norm.md 3.10). `asked` stands for
 * the page number where the OPCO does not repeat it. A page that says another number than asked is kept as told: the
 * reader of pages must see it.
 */
export function readPage(body: unknown, asked: number): unknown {
  const page = Array.isArray(body) && body.length === 1 ? (body[0] as unknown) : body;
  if (!isLoose(page)) return undefined;
  const rows = page['EtatDossierResult'] ?? page['etatDossierResult'];
  if (!Array.isArray(rows)) return undefined;
  const told = whole(page['page']);
  return { data: rows.map(rowOf), total: whole(page['total']), page: told === null || told === 0 ? asked : told };
}
