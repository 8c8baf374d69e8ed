import type { TSchema } from 'typebox';
import { IsDate, IsDateTime } from 'typebox/format';
import { Guard } from 'typebox/guard';
import type { Finding } from '../errors.js';

/** The keywords that our contracts use; a schema with another one is refused by a test. */
interface Keywords {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Keywords;
  readonly anyOf?: readonly Keywords[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly '~refine'?: readonly { check(value: unknown): boolean; error(value: unknown): string }[];
}

/** More would help nobody, and a hostile body must not make a long answer. */
const enough = 100;

/** Walks a value beside its schema and names what is wrong; depth is bounded by the schema, never by the value. */
export function explain(schema: TSchema, value: unknown): readonly Finding[] {
  const findings: Finding[] = [];
  visit(schema as Keywords, value, '', findings);
  return findings;
}

function visit(schema: Keywords, value: unknown, pointer: string, findings: Finding[]): void {
  if (findings.length >= enough) return;
  if (schema.anyOf) return visitUnion(schema.anyOf, value, pointer, findings);
  const wrong = leafFault(schema, value);
  if (wrong) findings.push({ pointer, ...wrong });
  else if (Array.isArray(value))
    value.forEach((each, index) => schema.items && visit(schema.items, each, `${pointer}/${index}`, findings));
  else if (isRecord(value)) visitRecord(schema, value, pointer, findings);
}

/** Our unions are "this or null": the findings of the branch that is not null say more than "none matched". */
function visitUnion(branches: readonly Keywords[], value: unknown, pointer: string, findings: Finding[]): void {
  let best: Finding[] | undefined;
  for (const branch of branches) {
    const found: Finding[] = [];
    visit(branch, value, pointer, found);
    if (found.length === 0) return;
    if (branch.type !== 'null') best ??= found;
  }
  findings.push(...(best ?? []));
}

function visitRecord(schema: Keywords, value: Record<string, unknown>, pointer: string, findings: Finding[]): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name))
      findings.push({ pointer: `${pointer}/${escape(name)}`, code: 'required', message: 'Champ obligatoire absent.' });
  }
  for (const [name, each] of Object.entries(value)) {
    if (findings.length >= enough) return;
    const child = childOf(schema, name);
    if (child) visit(child, each, `${pointer}/${escape(name)}`, findings);
    else if (schema.additionalProperties === false) {
      findings.push({ pointer: `${pointer}/${escape(name)}`, code: 'unknown_field', message: 'Champ inconnu.' });
    }
  }
}

function childOf(schema: Keywords, name: string): Keywords | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return Object.entries(schema.patternProperties ?? {}).find(([pattern]) => new RegExp(pattern, 'u').test(name))?.[1];
}

type Fault = Pick<Finding, 'code' | 'message'>;

const typeWords: Readonly<Record<string, string>> = {
  string: 'un texte',
  number: 'un nombre',
  integer: 'un nombre entier',
  boolean: 'vrai ou faux',
  object: 'un objet',
  array: 'une liste',
  null: 'null',
};

function leafFault(schema: Keywords, value: unknown): Fault | undefined {
  if (schema.type && !hasType(schema.type, value))
    return { code: 'type', message: `Attendu : ${typeWords[schema.type] ?? schema.type}.` };
  if (schema.enum && !schema.enum.includes(value))
    return { code: 'enum', message: `Valeurs admises : ${schema.enum.slice(0, 40).join(', ')}.` };
  if (schema.const !== undefined && schema.const !== value)
    return { code: 'const', message: `Seule valeur admise : ${String(schema.const)}.` };
  if (typeof value === 'string') return textFault(schema, value);
  if (typeof value === 'number') return numberFault(schema, value);
  if (Array.isArray(value)) return sizeFault(value.length, schema.minItems, schema.maxItems, 'élément');
  if (isRecord(value))
    return sizeFault(Object.keys(value).length, schema.minProperties, schema.maxProperties, 'entrée');
  return undefined;
}

function textFault(schema: Keywords, value: string): Fault | undefined {
  if (schema.minLength !== undefined && !Guard.IsMinLength(value, schema.minLength))
    return { code: 'too_short', message: `Au moins ${schema.minLength} caractère(s).` };
  if (schema.maxLength !== undefined && !Guard.IsMaxLength(value, schema.maxLength))
    return { code: 'too_long', message: `Au plus ${schema.maxLength} caractères.` };
  if (schema.format === 'date' && !IsDate(value))
    return { code: 'format', message: 'Date attendue sous la forme AAAA-MM-JJ, existant au calendrier.' };
  if (schema.format === 'date-time' && !IsDateTime(value))
    return { code: 'format', message: 'Instant attendu sous la forme AAAA-MM-JJThh:mm:ssZ.' };
  if (schema.pattern && !new RegExp(schema.pattern, 'u').test(value))
    return { code: 'pattern', message: 'Forme non admise.' };
  const broken = schema['~refine']?.find((each) => !each.check(value));
  return broken && { code: 'refused', message: broken.error(value) };
}

function numberFault(schema: Keywords, value: number): Fault | undefined {
  if (schema.minimum !== undefined && value < schema.minimum)
    return { code: 'too_small', message: `Au moins ${schema.minimum}.` };
  if (schema.maximum !== undefined && value > schema.maximum)
    return { code: 'too_large', message: `Au plus ${schema.maximum}.` };
  if (schema['~refine']?.some((each) => !each.check(value)))
    return { code: 'precision', message: 'Au plus deux décimales.' };
  return undefined;
}

function sizeFault(size: number, least: number | undefined, most: number | undefined, noun: string): Fault | undefined {
  if (least !== undefined && size < least) return { code: 'too_few', message: `Au moins ${least} ${noun}(s).` };
  if (most !== undefined && size > most) return { code: 'too_many', message: `Au plus ${most} ${noun}(s).` };
  return undefined;
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  return type === 'object' ? isRecord(value) : typeof value === type;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901 section 3. */
function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
