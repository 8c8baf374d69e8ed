import { refuse, routeOf, type Asked, type Decision } from './asked.js';
import type { SandboxCfa } from './cfa.js';
import { isPart, type Part } from './demand.js';
import { identifier } from './dialect.js';
import type { Word } from './fault-words.js';
import type { NormRoute } from './norm-routes.js';
import { serveRoute } from './opco-desk.js';
import { bytesOf } from './wire.js';
import type { World } from './world.js';

/** A read that a CFA is served, and the good answer to it. */
export interface Viewed {
  readonly world: World;
  readonly asked: Asked;
  readonly cfa: SandboxCfa;
  readonly route: NormRoute;
  readonly decision: Decision;
}

/** Where the rows of a page are. */
const listOf = (page: Part) => (Array.isArray(page['factures']) ? 'factures' : 'EtatDossierResult');

/** The same answer as a bad day shows it: other rows, other pages, an older view, another shape. */
export async function disfigured(viewed: Viewed, word: Word): Promise<Decision> {
  if (viewed.decision.status !== 200) return viewed.decision;
  switch (word.kind) {
    case 'repeated-page':
      return withBody(viewed.decision, await repeated(viewed));
    case 'short-page':
      return withRows(viewed.decision, (rows) => rows.slice(0, word.rows ?? rows.length >> 1));
    case 'moving-pages':
      return moving(viewed, word.by ?? 1);
    case 'wrapped-page':
      return withBody(viewed.decision, wrapped(parsed(viewed.decision)));
    case 'lookup-stale':
      return stale(viewed, word);
    case 'lookup-wrong-number':
      return wrongNumber(viewed);
    case 'drift':
      return withBody(viewed.decision, drifted(parsed(viewed.decision), word.change, word.field ?? 'etat'));
    default:
      return viewed.decision;
  }
}

const parsed = (decision: Decision): unknown => JSON.parse(bytesOf(decision).toString());
const withBody = (decision: Decision, body: unknown): Decision => ({ ...decision, body });
const wrapped = (body: unknown) => (Array.isArray(body) ? body : [body]);

/** Changes the rows of a V1 array or a V2 page; `count` follows them, and `more` may change other fields of a page. */
function withRows(
  decision: Decision,
  change: (rows: readonly unknown[]) => readonly unknown[],
  more: (page: Part) => Part = () => ({}),
): Decision {
  const body = parsed(decision);
  const page: unknown = Array.isArray(body) && isPart(body[0]) && 'total' in body[0] ? body[0] : body;
  if (Array.isArray(page)) return withBody(decision, change(page));
  if (!isPart(page)) return decision;
  const name = listOf(page);
  const rows = change(rowsOf(page));
  const changed = { ...page, count: rows.length, ...more(page), [name]: rows };
  return withBody(decision, Array.isArray(body) ? [changed] : changed);
}

const rowsOf = (page: Part): readonly unknown[] => {
  const rows = page[listOf(page)];
  return Array.isArray(rows) ? rows : [];
};

const pageAsked = ({ asked }: Viewed) => Number(asked.query['numeroPage'] ?? 1);

/** The rows of another page of the same list. */
async function neighbour(viewed: Viewed, page: number): Promise<readonly unknown[]> {
  const { world, asked, cfa, route } = viewed;
  const query = { ...asked.query, numeroPage: String(page) };
  const body = parsed(await serveRoute({ world, asked: { ...asked, query }, cfa, route }));
  const found: unknown = Array.isArray(body) ? body[0] : body;
  return isPart(found) ? rowsOf(found) : [];
}

/** The rows of the page before under this page's number; the first page and a V1 array stay as they are. */
async function repeated(viewed: Viewed): Promise<unknown> {
  const page = pageAsked(viewed);
  if (viewed.route.version === 'v1' || page < 2) return parsed(viewed.decision);
  const before = await neighbour(viewed, page - 1);
  return withRows(viewed.decision, () => before).body;
}

/**
 * Rows move between pages while somebody reads them: `by` came in on top, so that the end of the page before is seen
 * again; or, below zero, so many went away, and the first ones of this page are never seen.
 */
async function moving(viewed: Viewed, by: number): Promise<Decision> {
  const page = pageAsked(viewed);
  if (viewed.route.version === 'v1' || page < 2) return viewed.decision;
  if (by >= 0) {
    const before = await neighbour(viewed, page - 1);
    return withRows(viewed.decision, (rows) =>
      [...before.slice(before.length - by), ...rows].slice(0, Math.max(rows.length, by)),
    );
  }
  const after = await neighbour(viewed, page + 1);
  return withRows(viewed.decision, (rows) => [...rows.slice(-by), ...after.slice(0, -by)]);
}

/** What came in lately is not seen yet: neither in the lists nor by its number. */
function stale(viewed: Viewed, { ms, virtualMs }: { readonly ms?: number; readonly virtualMs?: number }): Decision {
  const { world, asked, cfa, route, decision } = viewed;
  const hidden = new Set<string>();
  for (const line of world.ledger.effectsBackwards()) {
    const age =
      virtualMs === undefined
        ? world.clock.now() - Date.parse(line.time)
        : world.virtual.now() - Date.parse(line.virtualTime);
    if (age >= (virtualMs ?? ms ?? 0)) break;
    if (line.opcoId !== cfa.dialect.id || line.cfa !== cfa.fingerprint || !line.committed) continue;
    const { type, numeroInterne, numeroInterneFacture } = line.committed;
    const numero = type === 'facture' ? numeroInterneFacture : type === 'dossier' ? numeroInterne : undefined;
    if (numero !== undefined) hidden.add(numero);
  }
  if (route.name === 'dossier')
    return hidden.has(String(asked.query['numeroInterne']))
      ? refuse(cfa.dialect, 'dossier', [
          cfa.dialect.unknownNumberStatus,
          'INCONNU',
          'Aucun dossier ne porte ce numéro.',
        ])
      : decision;
  const known = new Set([...hidden].map((numero) => identifier(cfa.dialect, numero)));
  const isOf = (row: unknown) => known.has(numberOf(row) as string | number);
  const list = route.name === 'facturesEtats' ? 'factures' : 'dossiers';
  const hiddenHere = [...hidden].filter((numero) => cfa[list].has(numero)).length;
  return withRows(
    decision,
    (rows) => rows.filter((row) => !isOf(row)),
    ({ total }) => ({ total: Number(total) - hiddenHere }),
  );
}

/** The number of a row, or of a whole dossier in `liste`. */
function numberOf(row: unknown): unknown {
  if (!isPart(row)) return undefined;
  return (
    row['numeroInterneFacture'] ??
    row['numeroInterne'] ??
    (isPart(row['cerfa']) ? row['cerfa']['numeroInterne'] : undefined)
  );
}

/** Another dossier of the same CFA: wrong, and nobody else's. */
async function wrongNumber(viewed: Viewed): Promise<Decision> {
  const { world, asked, cfa, route, decision } = viewed;
  for (const numeroInterne of cfa.dossiers.keys()) {
    if (numeroInterne === asked.query['numeroInterne']) continue;
    return serveRoute({ world, asked: { ...asked, query: { numeroInterne } }, cfa, route });
  }
  return decision;
}

/** An answer that left its contract: a field more, a field less, or another type of it, wherever that name stands. */
function drifted(value: unknown, change: 'unknown' | 'missing' | 'type', field: string): unknown {
  if (Array.isArray(value)) return value.map((each) => drifted(each, change, field));
  if (!isPart(value)) return value;
  const kept = Object.entries(value).filter(([name]) => change !== 'missing' || name !== field);
  const changed = kept.map(([name, each]) => [
    name,
    change === 'type' && name === field ? otherType(each) : drifted(each, change, field),
  ]);
  return { ...Object.fromEntries(changed), ...(change === 'unknown' && { champInattendu: 'nouveau' }) };
}

const otherType = (value: unknown) => (typeof value === 'string' ? { valeur: value } : String(value));

/** The route of a request and the CFA behind it, as far as a view needs both. */
export function viewOf(
  world: World,
  asked: Asked,
  judged: { readonly decision: Decision; readonly cfa: SandboxCfa | undefined },
): Viewed | undefined {
  const route = routeOf(asked);
  return route && judged.cfa && { world, asked, cfa: judged.cfa, route, decision: judged.decision };
}
