/** What a changed field is about. */
export type ChangeClass = 'etat' | 'montant' | 'date' | 'contact' | 'autre';

/** One field that changed. Values are shown for states, amounts and dates only, and only where they look like one. */
export interface Change {
  /** JSON pointer; rows of numbered lists are named by their `numero`, not by their place. */
  readonly path: string;
  readonly class: ChangeClass;
  readonly before?: string | number | null;
  readonly after?: string | number | null;
}

type Leaf = string | number | boolean;
type Plain = Leaf | { readonly [name: string]: Plain };

/**
 * One form for one meaning. Noise that never counts as a change: the order of keys and of list rows; a field that is
 * absent, null or empty; an empty list or object.
 */
export function canonicalForm(value: unknown): string {
  return JSON.stringify(plain(value) ?? {});
}

/** What changed from one version of a dossier to the next, by path; empty when they mean the same. */
export function diff(before: unknown, after: unknown): Change[] {
  const old = leavesOf(before);
  const young = leavesOf(after);
  const paths = [...new Set([...old.keys(), ...young.keys()])].filter((path) => old.get(path) !== young.get(path));
  return paths.sort().map((path) => changeOf(path, old.get(path), young.get(path)));
}

function leavesOf(value: unknown): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const walk = (node: Plain, path: string): void => {
    if (typeof node !== 'object') leaves.set(path, node);
    else for (const [name, child] of Object.entries(node)) walk(child, `${path}/${escaped(name)}`);
  };
  const root = plain(value);
  if (root !== undefined) walk(root, '');
  return leaves;
}

/** The value without its noise; undefined when nothing is left of it. Lists become objects, so that rows can be named. */
function plain(value: unknown): Plain | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (Array.isArray(value)) return named(value);
  if (typeof value !== 'object') return value as Leaf;
  return objectOf(Object.entries(value));
}

function named(list: readonly unknown[]): Plain | undefined {
  const numeros = list.map(numeroOf);
  if (numeros.every((each) => each !== undefined) && new Set(numeros).size === list.length) {
    return objectOf(list.map((row, at) => [numeros[at] ?? '', row]));
  }
  const rows = list
    .map((row) => [canonicalForm({ row }), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return objectOf(rows.map(([, row], at) => [String(at), row]));
}

function objectOf(entries: readonly (readonly [string, unknown])[]): Plain | undefined {
  const kept = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .flatMap(([name, child]) => {
      const form = plain(child);
      return form === undefined ? [] : [[name, form] as const];
    });
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function numeroOf(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || !('numero' in row)) return undefined;
  return typeof row.numero === 'number' || typeof row.numero === 'string' ? String(row.numero) : undefined;
}

const escaped = (name: string) => name.replace(/~/g, '~0').replace(/\//g, '~1');

/** Dates and amounts that say something of a person stay without values. */
const personal = /naissance|salaire|remuneration/i;
const contact = /telephone|courriel|mail|adresse/i;
const amount = /montant|plafond|prix|^engagement$|^dont/i;

function classOf(path: string): ChangeClass {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'etat') return 'etat';
  if (contact.test(path)) return 'contact';
  if (personal.test(path)) return 'autre';
  if (/^date/.test(name)) return 'date';
  return amount.test(name) ? 'montant' : 'autre';
}

const shows: Readonly<Record<ChangeClass, (value: Leaf) => boolean>> = {
  etat: (value) => typeof value === 'string' && value.length <= 60,
  montant: (value) => typeof value === 'number',
  date: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) && value.length <= 35,
  contact: () => false,
  autre: () => false,
};

function changeOf(path: string, before: Leaf | undefined, after: Leaf | undefined): Change {
  const kind = classOf(path);
  const visible = [before, after].every((value) => value === undefined || shows[kind](value));
  if (!visible || kind === 'autre' || kind === 'contact') return { path, class: kind };
  return { path, class: kind, before: shown(before), after: shown(after) };
}

function shown(value: Leaf | undefined): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
