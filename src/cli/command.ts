import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './command-errors.js';
import type { Desk } from './desk.js';

/** Where a command speaks to people and is told what must not stand in argv. */
export interface Terminal {
  print(line: string): void;
  /** Reads one line from standard input, without echo on a terminal; the question is shown there only. */
  readSecret(question: string): Promise<string>;
}

/** What signs staff tokens on embedded defaults. */
export interface StaffSigner {
  readonly privateJwk: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  readonly audience: string;
}

/** What a command works with; the database is opened when it is first asked for. */
export interface Workplace {
  readonly terminal: Terminal;
  /** The owner's URL of the database. */
  databaseUrl(): Promise<string>;
  desk(): Promise<Desk>;
  /** The key of a CFA for commands that speak to a running product; absent when none was given. */
  apiKey(): string | undefined;
  /** Absent where tokens come from an identity provider: in production, or with an OPCOVIA_STAFF_JWKS. */
  staffKey(): StaffSigner | undefined;
  /** From the first call on, Ctrl-C does not end the process but aborts this: the command ends itself. */
  stopped(): AbortSignal;
}

/** The options as they were given, by name. */
export type Given = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** One command of `npm run opcovia -- <name>`. */
export interface Command {
  readonly name: string;
  /** Its options, as shown by `help`. */
  readonly usage: string;
  /** One French sentence. */
  readonly about: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** Gives the exit code. */
  run(given: Given, work: Workplace): Promise<number>;
}

/** The text of a required option. */
export function required(given: Given, name: string): string {
  const value = optional(given, name);
  if (value === undefined) throw new UsageError(`L'option --${name} est obligatoire.`);
  return value;
}

/** The text of an option; absent when it is not given or empty. */
export function optional(given: Given, name: string): string | undefined {
  const value = given[name];
  return typeof value === 'string' && value.trim() ? value.trim() : undefined;
}

/** The text of an option that must be one of the words. */
export function oneOf<Word extends string>(words: readonly Word[], name: string, text: string): Word {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`L'option --${name} attend : ${words.join(', ')}.`);
  return found;
}

/** The moment that an option names, if it is given; a civil date is midnight UTC, like the times that are shown. */
export function instantOf(given: Given, name: string): Date | undefined {
  const text = optional(given, name);
  if (text === undefined) return undefined;
  const instant = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) || Number.isNaN(instant.getTime()))
    throw new UsageError(`L'option --${name} attend AAAA-MM-JJ ou AAAA-MM-JJThh:mm:ssZ.`);
  return instant;
}
