import type { TSchema } from 'typebox';
import { compileContract } from './check.js';
import { explain } from './explain.js';

/**
 * What an answer has that the contract does not name (`unknown`), lacks although the norm always gives it (`missing`), or says
 * in another type (`type`).
 */
export interface Drift {
  readonly kind: 'unknown' | 'missing' | 'type';
  /** JSON pointer in our words, `*` for any index; never a value. */
  readonly path: string;
}

/** An answer, as far as it can be trusted. */
export interface Reading {
  /** The value with what could be mended mended, and without what could not be read and nobody relies on. */
  readonly value: unknown;
  readonly drifts: readonly Drift[];
  /** Places without which the answer means nothing; empty when it can be trusted. */
  readonly unreadable: readonly string[];
}

/** The keywords that this reading knows besides those of `explain`. */
interface Keywords {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly items?: Keywords;
  readonly anyOf?: readonly Keywords[];
  readonly 'x-essential'?: boolean;
  readonly 'x-expected'?: boolean;
  readonly 'x-known'?: readonly string[];
}

/** Of a member: an answer that gives it in a form nobody can read is not to be trusted at all. Absent it may be. */
export const essential = { 'x-essential': true } as const;
/** Of an optional member: the norm always shows it, so that its absence is news. */
export const expected = { 'x-expected': true } as const;
/** Of an open object: the members that the norm names; others are news. */
export const known = (names: readonly string[]) => ({ 'x-known': names }) as const;

/** More would help nobody, and an answer of a thousand rows drifts a thousand times in the same way. */
const enough = 50;

const lost = Symbol('unreadable');

/**
 * Reads an answer by its contract and puts up with what does not matter:
 *
 *     number as text, text as number ──▶ the same, in the right type; reported
 *     optional, unreadable           ──▶ left out; reported
 *     required or essential          ──▶ the answer cannot be trusted
 *     not in the contract            ──▶ kept; reported
 */
export function readDrifting(schema: TSchema, value: unknown): Reading {
  const reader = new Reader(compileContract(schema).holds(value));
  const read = reader.read(schema as Keywords, value, '');
  return { value: read === lost ? undefined : read, drifts: reader.drifts(), unreadable: [...reader.unreadable] };
}

class Reader {
  readonly unreadable = new Set<string>();
  readonly #drifts = new Map<string, Drift>();

  /** What keeps the contract as a whole needs no look at each of its values. */
  constructor(private readonly sound: boolean) {}

  drifts(): Drift[] {
    return [...this.#drifts.values()];
  }

  read(schema: Keywords, value: unknown, path: string): unknown {
    if (schema.anyOf) return this.#union(schema.anyOf, value, path);
    if (schema.type === 'object') return this.#record(schema, value, path);
    if (schema.type === 'array' && schema.items) return this.#list(schema.items, value, path);
    return this.#leaf(schema, value, path);
  }

  /** Our unions are "this or null". */
  #union(branches: readonly Keywords[], value: unknown, path: string): unknown {
    if (value === null && branches.some(({ type }) => type === 'null')) return null;
    const branch = branches.find(({ type }) => type !== 'null');
    // An empty text where a date or a number may be absent says that it is.
    if (value === '' && branch && (branch.type !== 'string' || branch.format !== undefined)) {
      this.#note('type', path);
      return null;
    }
    return branch ? this.read(branch, value, path) : this.#lose(path);
  }

  #leaf(schema: Keywords, value: unknown, path: string): unknown {
    const holds = (candidate: unknown) => explain(schema as TSchema, candidate).length === 0;
    if (this.sound || holds(value)) return value;
    const respelled = respell(schema.type, value);
    if (respelled === undefined || !holds(respelled)) return this.#lose(path);
    this.#note('type', path);
    return respelled;
  }

  #list(items: Keywords, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return this.#lose(path);
    const read = value.map((each) => this.read(items, each, `${path}/*`));
    return read.includes(lost) ? lost : read;
  }

  #record(schema: Keywords, value: unknown, path: string): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.#lose(path);
    const given = value as Readonly<Record<string, unknown>>;
    const read: Record<string, unknown> = {};
    let whole = true;
    for (const [name, each] of Object.entries(given)) {
      // No field of the norm, and writing it would change the object instead of filling it.
      if (name === '__proto__') continue;
      const child = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      if (!child) this.#stranger(schema, name, path);
      const member = child ? this.#member(schema, name, { value: each, path }) : each;
      if (member === lost) whole = false;
      else if (member !== undefined) read[name] = member;
    }
    return this.#lacking(schema, given, path) && whole ? read : lost;
  }

  /** The member; undefined when it is left out; `lost` when the whole is lost with it. */
  #member(schema: Keywords, name: string, { value, path }: { value: unknown; path: string }): unknown {
    const child = schema.properties?.[name] ?? {};
    const place = `${path}/${escape(name)}`;
    const before = new Set(this.unreadable);
    const read = this.read(child, value, place);
    if (read !== lost || relied(schema, child, name)) return read;
    // Nobody relies on it: what was lost in there does not count against the answer.
    for (const each of this.unreadable) if (!before.has(each)) this.unreadable.delete(each);
    this.#note('type', place);
    return undefined;
  }

  #lacking(schema: Keywords, given: Readonly<Record<string, unknown>>, path: string): boolean {
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      if (Object.hasOwn(given, name)) continue;
      const place = `${path}/${escape(name)}`;
      if (schema.required?.includes(name)) this.unreadable.add(place);
      else if (flagged(child, 'x-expected')) this.#note('missing', place);
    }
    return (schema.required ?? []).every((name) => Object.hasOwn(given, name));
  }

  #stranger(schema: Keywords, name: string, path: string): void {
    if (schema.properties === undefined && schema['x-known'] === undefined) return;
    const names = schema['x-known'];
    if (names ? names.includes(name) : Object.keys(schema.properties ?? {}).length === 0) return;
    this.#note('unknown', `${path}/${nameable.test(name) ? name : '?'}`);
  }

  #lose(path: string): typeof lost {
    this.unreadable.add(path === '' ? '/' : path);
    return lost;
  }

  #note(kind: Drift['kind'], path: string): void {
    if (this.#drifts.size < enough) this.#drifts.set(`${kind} ${path}`, { kind, path });
  }
}

/** A name as field names are; anything else may be a value that took the place of a name. */
const nameable = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;

function relied(schema: Keywords, child: Keywords, name: string): boolean {
  return schema.required?.includes(name) === true || flagged(child, 'x-essential');
}

function flagged(schema: Keywords, flag: 'x-essential' | 'x-expected'): boolean {
  return schema[flag] === true || (schema.anyOf?.some((branch) => branch[flag] === true) ?? false);
}

/** The same value in the expected type, where nothing is lost by it. */
function respell(type: string | undefined, value: unknown): unknown {
  if ((type === 'number' || type === 'integer') && typeof value === 'string')
    return /^-?\d{1,12}(?:\.\d{1,6})?$/.test(value) ? Number(value) : undefined;
  if (type === 'string' && typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return undefined;
}

/** RFC 6901 section 3. */
function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
