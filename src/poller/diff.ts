import { canonicalForm, type Leaf, type Plain, plain } from './canonical.js';

export { canonicalForm };

/** What a changed field is about. */
export type ChangeClass = 'etat' | 'montant' | 'date' | 'contact' | 'autre';

/** One field that changed. Values are shown for states, amounts and dates only, and only where they look like one. */
export interface Change {
  /** JSON pointer; rows of lists are named by their own numbers where they have some, not by their place. */
  readonly path: string;
  readonly class: ChangeClass;
  readonly before?: string | number | null;
  readonly after?: string | number | null;
}

/** One field that changed, with both values whatever they are: for the owner of the dossier alone. */
export interface Difference {
  readonly path: string;
  readonly class: ChangeClass;
  /** Null where the field was not there. */
  readonly before: Leaf | null;
  readonly after: Leaf | null;
}

/** What changed from one version of a dossier to the next, by path; empty when they mean the same. */
export function diff(before: unknown, after: unknown): Change[] {
  return differences(before, after).map(told);
}

/** The same with every value. */
export function differences(before: unknown, after: unknown): Difference[] {
  const old = leavesOf(before);
  const young = leavesOf(after);
  const paths = [...new Set([...old.keys(), ...young.keys()])].filter((path) => old.get(path) !== young.get(path));
  return paths.sort().map((path) => ({
    path,
    class: classOf(path),
    before: old.get(path) ?? null,
    after: young.get(path) ?? null,
  }));
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

/** What a receiver of events may see of it. */
function told({ path, class: kind, before, after }: Difference): Change {
  const visible = [before, after].every((value) => value === null || shows[kind](value));
  if (!visible || kind === 'autre' || kind === 'contact') return { path, class: kind };
  return { path, class: kind, before: shown(before), after: shown(after) };
}

function shown(value: Leaf | null): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
