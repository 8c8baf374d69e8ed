import type { TSchema } from 'typebox';
import type { Finding } from './errors.js';

interface PropertySchema {
  readonly type?: string;
  readonly default?: unknown;
  readonly anyOf?: readonly PropertySchema[];
}

/** A query in the types of its contract, and the names the contract does not know. */
export interface CoercedQuery {
  readonly query: Record<string, unknown>;
  readonly unknown: readonly Finding[];
}

const plainNumber = /^-?\d{1,15}(?:\.\d{1,6})?$/;

/**
 * Turns the strings of a URL into what the contract says: numbers where it wants numbers, defaults where it has some.
 * What does not convert is left as it is, for the contract to refuse.
 */
export function coerceQuery(schema: TSchema, raw: Readonly<Record<string, unknown>>): CoercedQuery {
  const properties = propertiesOf(schema);
  const query: Record<string, unknown> = {};
  const unknown: Finding[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const property = properties.get(name);
    if (value === undefined) continue;
    if (property) query[name] = coerce(property, value);
    else
      unknown.push({ pointer: `/query/${pointerToken(name)}`, code: 'unknown', message: 'Ce paramètre est inconnu.' });
  }
  for (const [name, property] of properties) {
    if (property.default !== undefined) query[name] ??= property.default;
  }
  return { query, unknown };
}

const known = new WeakMap<TSchema, ReadonlyMap<string, PropertySchema>>();

function propertiesOf(schema: TSchema): ReadonlyMap<string, PropertySchema> {
  const found =
    known.get(schema) ??
    new Map(Object.entries((schema as { properties?: Record<string, PropertySchema> }).properties ?? {}));
  known.set(schema, found);
  return found;
}

function coerce(property: PropertySchema, value: unknown): unknown {
  return typeof value === 'string' && isNumeric(property) && plainNumber.test(value) ? Number(value) : value;
}

function isNumeric(property: PropertySchema): boolean {
  return property.type === 'integer' || property.type === 'number' || (property.anyOf ?? []).some(isNumeric);
}

/** Escaped as RFC 6901 demands, and cut: the name is the caller's own text. */
function pointerToken(name: string): string {
  return name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
