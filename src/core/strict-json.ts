import { isUtf8 } from 'node:buffer';
import { endOfNumber, isExactAt } from './exact-number.js';
import { fail, type Finding, OpcoviaError } from './errors.js';

/** More levels than any dossier has; a parser that recurses must never meet more. */
const deepest = 32;

/** Members of all objects of one body together. */
const mostKeys = 10_000;

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** NUL, which PostgreSQL cannot keep, and half a character, which has no UTF-8; both can only be written as escapes. */
const unkeepable = /\0|\p{Surrogate}/u;

/** Without one of these in its text, no name is forbidden and no character unkeepable: the usual body needs no slow look. */
const suspicious = /\\u|proto|constructor/;

/**
 * JSON exactly as it was written, or VALIDATION_ERROR: where `JSON.parse` would alter a dossier in silence (the last of two
 * equal keys, a number beyond 2^53 or of more digits than it keeps, bytes that are no UTF-8) this refuses, naming the place. Linear in the length.
 *
 *     bytes ──UTF-8?──▶ text ──depth, keys──▶ JSON.parse ──names, numbers, characters, keys again──▶ value
 *
 * An object keeps one of two equal keys, so fewer keys in the value than in the text means that one came twice.
 */
export function parseStrictJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw refuse('utf8', "Le corps n'est pas de l'UTF-8 valide.");
  const { keys: written, inexact } = survey(bytes);
  const text = bytes.toString('utf8');
  const value = parse(text);
  if (inexact) throw inexactAt(bytes, inexact);
  if (!suspicious.test(text) && tally(value) === written) return value;
  const judge = new Judge();
  judge.look(value);
  if (judge.keys !== written) {
    throw refuse('duplicate_key', 'Cette clé figure deux fois dans le même objet.', duplicateIn(text));
  }
  return value;
}

const unkeepableNumber = "Nombre trop grand ou trop précis pour être gardé à l'identique.";

const largest = Number.MAX_SAFE_INTEGER;

function keepable(value: number): boolean {
  return value <= largest && value >= -largest;
}

/** The members of all objects in a value; NaN when one of its numbers may not be kept. */
function tally(value: unknown): number {
  if (typeof value === 'number') return keepable(value) ? 0 : NaN;
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) for (const each of value) keys += tally(each);
  else for (const name in value) keys += 1 + tally((value as Record<string, unknown>)[name]);
  return keys;
}

/** The refusal of a number that loses digits: in its place stands one that is too large, which the judge finds. */
function inexactAt(bytes: Buffer, [from, to]: Span): OpcoviaError {
  const marked = Buffer.concat([bytes.subarray(0, from), Buffer.from('1e999'), bytes.subarray(to)]);
  try {
    new Judge().look(parse(marked.toString('utf8')));
  } catch (refusal) {
    if (refusal instanceof OpcoviaError) return refusal;
  }
  return refuse('number', unkeepableNumber);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw refuse('json', "Le corps de la requête n'est pas un JSON valide.");
  }
}

/** From a byte to the one after the last. */
type Span = readonly [from: number, to: number];

/**
 * Colons outside strings, and the first number that loses digits; over the bytes, since no byte of a longer character looks like one of ours. What is no JSON gives any
 * number: the parser refuses it next. Throws when too deep or too many.
 */
function survey(bytes: Buffer): { readonly keys: number; readonly inexact: Span | undefined } {
  let depth = 0;
  let keys = 0;
  let inexact: Span | undefined;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) at = endOfString(bytes, at + 1);
    else if (byte === 0x3a) keys++;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
      const end = endOfNumber(bytes, at);
      if (!inexact && !isExactAt(bytes, at, end)) inexact = [at, end];
      at = end - 1;
    }
    if (depth > deepest) throw refuse('too_deep', `Au plus ${deepest} niveaux d'imbrication.`);
    if (keys > mostKeys) throw refuse('too_many_keys', `Au plus ${mostKeys} clés dans un corps.`);
  }
  return { keys, inexact };
}

/** Names and values are short, files are not: beyond so many bytes the native search wins over the loop. */
const shortString = 64;

function endOfString(bytes: Buffer, from: number): number {
  const near = Math.min(from + shortString, bytes.length);
  let at = from;
  for (; at < near; at++) {
    const byte = bytes[at];
    if (byte === 0x22) return at;
    if (byte === 0x5c) at++;
  }
  return at < bytes.length ? endOfLongString(bytes, at) : bytes.length;
}

/** The next quote with an even number of backslashes before it; `from` stands behind no open escape. */
function endOfLongString(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0x22, from); at >= 0; at = bytes.indexOf(0x22, at + 1)) {
    let first = at;
    while (first > from && bytes[first - 1] === 0x5c) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return bytes.length;
}

/** Looks at every value with its place in mind: three times slower than `tally`, and able to say what is wrong where. */
class Judge {
  keys = 0;
  readonly #path: (string | number)[] = [];

  look(value: unknown): void {
    if (typeof value === 'string') this.#text(value);
    else if (typeof value === 'number') this.#number(value);
    else if (Array.isArray(value)) this.#list(value);
    else if (value !== null && typeof value === 'object') this.#members(value as Record<string, unknown>);
  }

  #list(values: readonly unknown[]): void {
    const depth = this.#path.length;
    for (let index = 0; index < values.length; index++) {
      this.#path[depth] = index;
      this.look(values[index]);
    }
    this.#path.length = depth;
  }

  #members(record: Readonly<Record<string, unknown>>): void {
    const depth = this.#path.length;
    // Nothing is inherited but from Object.prototype, which enumerates nothing.
    for (const name in record) {
      this.#path[depth] = name;
      this.keys++;
      this.#text(name);
      if (forbiddenKeys.has(name)) throw refuse('forbidden_key', 'Ce nom de clé est interdit.', this.#path);
      this.look(record[name]);
    }
    this.#path.length = depth;
  }

  #text(text: string): void {
    if (unkeepable.test(text)) {
      throw refuse('character', 'Caractère nul ou demi-caractère Unicode.', this.#path);
    }
  }

  #number(value: number): void {
    if (!keepable(value)) throw refuse('number', unkeepableNumber, this.#path);
  }
}

const lexemes = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;

/** Where the first repeated key of a valid JSON text stands; only ever asked to explain a refusal. */
function duplicateIn(text: string): (string | number)[] {
  const levels: { readonly keys?: Set<string>; at: string | number }[] = [];
  let before = '';
  for (const [lexeme] of text.matchAll(lexemes)) {
    const level = levels.at(-1);
    if (lexeme === '{') levels.push({ keys: new Set(), at: '' });
    else if (lexeme === '[') levels.push({ at: 0 });
    else if (lexeme === '}' || lexeme === ']') levels.pop();
    else if (lexeme === ',' && typeof level?.at === 'number') level.at++;
    else if (lexeme === ':' && level?.keys) {
      level.at = JSON.parse(before) as string;
      if (level.keys.has(level.at)) break;
      level.keys.add(level.at);
    }
    before = lexeme;
  }
  return levels.map(({ at }) => at);
}

function refuse(code: string, message: string, path: readonly (string | number)[] = []): OpcoviaError {
  const tokens = path.map((token) => `/${String(token).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`);
  const finding: Finding = { pointer: tokens.join(''), code, message };
  return fail('VALIDATION_ERROR', { detail: message, findings: [finding] });
}
