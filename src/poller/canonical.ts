import { type NoiseRules, noiseRules } from './noise.js';

/** A value that holds no other. */
export type Leaf = string | number | boolean;
/** A value without its noise: lists have become objects, so that their rows have names. */
export type Plain = Leaf | { readonly [name: string]: Plain };

type Path = readonly string[];

/** One form for one meaning: equal texts mean that nothing changed but noise (see noise.ts). */
export function canonicalForm(value: unknown, rules: NoiseRules = noiseRules): string {
  return JSON.stringify(plain(value, rules) ?? {});
}

/** The value without its noise; undefined when nothing is left of it. */
export function plain(value: unknown, rules: NoiseRules = noiseRules, path: Path = []): Plain | undefined {
  if (value === null || value === undefined || rules.ignored.some((pattern) => covers(pattern, path))) return undefined;
  if (Array.isArray(value)) return rows(value, rules, path);
  if (typeof value === 'object') return objectOf(Object.entries(value), rules, path);
  const leaf = typeof value === 'string' ? textOf(value, rules.codes.has(path.at(-1) ?? '')) : value;
  return leaf === '' ? undefined : typeof leaf === 'number' ? numberOf(leaf) : (leaf as Leaf);
}

function rows(list: readonly unknown[], rules: NoiseRules, path: Path): Plain | undefined {
  const names = rules.rowNames.map((members) => namesBy(list, members, rules)).find((found) => found !== undefined);
  if (names)
    return objectOf(
      list.map((row, at) => [names[at] ?? '', row]),
      rules,
      path,
    );
  const placed = list.map((row) => [canonicalForm({ row: plain(row, rules, [...path, '*']) }, rules), row] as const);
  const ordered = rules.ordered.some((pattern) => covers(pattern, path));
  const sorted = ordered ? placed : placed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return objectOf(
    sorted.map(([, row], at) => [String(at), row]),
    rules,
    path,
  );
}

/** The names of all rows by these members; undefined when a row lacks one or two rows share a name. */
function namesBy(
  list: readonly unknown[],
  members: readonly string[],
  rules: NoiseRules,
): readonly string[] | undefined {
  const names: string[] = [];
  for (const row of list) {
    if (typeof row !== 'object' || row === null) return undefined;
    const parts = members.map((member) =>
      plain((row as Readonly<Record<string, unknown>>)[member], rules, ['*', member]),
    );
    if (!parts.every((part) => typeof part === 'number' || typeof part === 'string')) return undefined;
    names.push(parts.map(String).join(':'));
  }
  return new Set(names).size === names.length ? names : undefined;
}

function objectOf(entries: readonly (readonly [string, unknown])[], rules: NoiseRules, path: Path): Plain | undefined {
  const kept: (readonly [string, Plain])[] = [];
  for (const [name, child] of [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const form = plain(child, rules, [...path, name]);
    if (form !== undefined) kept.push([name, form]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/** Patterns in pieces: every value of every dossier is held against them. */
const pieces = new Map<string, readonly string[]>();

function covers(pattern: string, path: Path): boolean {
  let wanted = pieces.get(pattern);
  if (!wanted) pieces.set(pattern, (wanted = pattern.split('/').slice(1)));
  return wanted.length === path.length && wanted.every((segment, at) => segment === '*' || segment === path[at]);
}

/** Fifteen digits are what a double keeps; a zero in front makes a code of it. */
const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const mostDigits = 15;
/** Most texts are plain: letters of ASCII with single spaces between the words. */
const untidy = /[^\x20-\x7e]|^ | {2}| $/;

function textOf(text: string, code: boolean): Leaf {
  const tidy = untidy.test(text) ? text.normalize('NFC').replace(/\s+/g, ' ').trim() : text;
  if (!code && tidy.length <= mostDigits + 2 && decimal.test(tidy) && tidy.replace(/\D/g, '').length <= mostDigits)
    return Number(tidy);
  return dayOf(tidy) ?? tidy;
}

/** Cents added up as doubles come out a hair beside themselves. */
function numberOf(value: number): number {
  return Number.isSafeInteger(value) ? value + 0 : Number(value.toPrecision(12)) + 0;
}

const moment = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?$/;
const paris = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris', dateStyle: 'short', timeStyle: 'medium' });

/** A midnight, of Paris, of UTC or of no zone, is the day that it begins; any other time with a zone is an instant in UTC. */
function dayOf(text: string): string | undefined {
  const [, day, time = '', zone] = moment.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = /^00:00(?::00(?:\.0+)?)?$/.test(time);
  if (zone === undefined) return midnight ? day : `${day}T${time}`;
  if (midnight && /^(?:Z|[+-]00:?00)$/.test(zone)) return day;
  const instant = new Date(`${day}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  if (Number.isNaN(instant.getTime())) return undefined;
  const [civil, clock] = paris.format(instant).split(' ');
  return clock === '00:00:00' && civil !== undefined ? civil : instant.toISOString();
}
