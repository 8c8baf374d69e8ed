import Type, { type Static, type TProperties } from 'typebox';
import { compileContract } from '../core/contract/check.js';

const ms = Type.Number({ minimum: 0, maximum: 86_400_000 });
const status = Type.Integer({ minimum: 200, maximum: 599 });
const answer = {
  status,
  body: Type.Optional(Type.Unknown()),
  retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
};
const code = Type.String({ minLength: 1, maxLength: 60 });
const rank = Type.Integer({ minimum: -100, maximum: 100 });

const distribution = {
  kind: Type.Enum(['constant', 'uniform', 'exponential', 'lognormal']),
  /** Constant: the delay. Exponential: the mean. Lognormal: the median. */
  ms: Type.Optional(ms),
  /** Uniform. */
  min: Type.Optional(ms),
  max: Type.Optional(ms),
  /** Lognormal: standard deviation of the logarithm; 0.5 when absent. */
  sigma: Type.Optional(Type.Number({ minimum: 0, maximum: 5 })),
};
const strict = { additionalProperties: false } as const;

/** A delay that varies, as the control API takes it. */
export const DistributionSchema = Type.Object(distribution, strict);

/** What happens to a request that a fault strikes; the routes it can strike are all, its page and look-up words aside. */
const fields = {
  ok: {},
  latency: { ms: Type.Optional(ms), distribution: Type.Optional(DistributionSchema) },
  hold: { ms },
  status: answer,
  reject: { status: Type.Optional(status), code, description: Type.Optional(Type.String({ maxLength: 500 })) },
  429: { retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0 })) },
  501: {},
  'commit-then-status': answer,
  'commit-late': { ms, status: Type.Optional(status) },
  'commit-then-reset': {},
  truncate: {},
  'commit+invalid': {},
  'commit+slow-drip': { ms, octets: Type.Optional(Type.Integer({ minimum: 1 })) },
  'reset-before-read': {},
  'rst-half-read': {},
  'expire-token': {},
  outage: {},
  'repeated-page': {},
  'short-page': { rows: Type.Optional(Type.Integer({ minimum: 0 })) },
  'moving-pages': { by: Type.Optional(rank) },
  'wrapped-page': {},
  'lookup-stale': { ms: Type.Optional(ms), virtualMs: Type.Optional(Type.Number({ minimum: 0 })) },
  'lookup-501': {},
  'lookup-5xx': { status: Type.Optional(Type.Integer({ minimum: 500, maximum: 599 })) },
  'lookup-wrong-number': {},
  drift: {
    change: Type.Enum(['unknown', 'missing', 'type']),
    field: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
} satisfies Readonly<Record<WordKind, TProperties>>;

interface StatusAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly retryAfterSeconds?: number;
}

/** One thing that is done to one request. `kind` says what is played, `named` how the caller wrote it. */
export type Word = { readonly named: string } & (
  | { readonly kind: 'ok' | '501' | 'commit-then-reset' | 'truncate' | 'commit+invalid' }
  | { readonly kind: 'reset-before-read' | 'rst-half-read' | 'expire-token' | 'outage' }
  | { readonly kind: 'repeated-page' | 'wrapped-page' | 'lookup-501' | 'lookup-wrong-number' }
  | { readonly kind: 'latency'; readonly ms?: number; readonly distribution?: Static<typeof DistributionSchema> }
  | { readonly kind: 'hold'; readonly ms: number }
  | ({ readonly kind: 'status' | 'commit-then-status' } & StatusAnswer)
  | { readonly kind: 'reject'; readonly status?: number; readonly code: string; readonly description?: string }
  | { readonly kind: '429'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'commit-late'; readonly ms: number; readonly status?: number }
  | { readonly kind: 'commit+slow-drip'; readonly ms: number; readonly octets?: number }
  | { readonly kind: 'short-page'; readonly rows?: number }
  | { readonly kind: 'moving-pages'; readonly by?: number }
  | { readonly kind: 'lookup-stale'; readonly ms?: number; readonly virtualMs?: number }
  | { readonly kind: 'lookup-5xx'; readonly status?: number }
  | { readonly kind: 'drift'; readonly change: 'unknown' | 'missing' | 'type'; readonly field?: string }
);

/** A kind of fault under the one name by which the sandbox plays it. */
export type WordKind = Word['kind'];

/** Other spellings of the same, and what they fill in. */
const aliases: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly kind: WordKind }>> = {
  'commit+hold': { kind: 'hold' },
  'commit+rst': { kind: 'commit-then-reset' },
  'commit+truncate': { kind: 'truncate' },
  'rst-before-read': { kind: 'reset-before-read' },
  'token-revoked': { kind: 'expire-token' },
};

/** What stands between the brackets of a short spelling, in order. */
const positions: Readonly<Partial<Record<WordKind, readonly string[]>>> = {
  latency: ['ms'],
  hold: ['ms'],
  status: ['status'],
  reject: ['status', 'code', 'description'],
  429: ['retryAfterSeconds'],
  'commit-then-status': ['status'],
  'commit-late': ['ms'],
  'commit+slow-drip': ['ms', 'octets'],
  'short-page': ['rows'],
  'moving-pages': ['by'],
  'lookup-stale': ['ms'],
  'lookup-5xx': ['status'],
  drift: ['change', 'field'],
};

/** Why a fault cannot be played, in words for the one who wrote it. */
export class BadFault extends Error {}

/** Reads a word: an object with its fields, or a short spelling such as `commit+rst`, `429(2)`, `reject(400, CODE)`. */
export function wordOf(value: unknown): Word {
  const given = typeof value === 'string' ? { kind: value } : value;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new BadFault('A fault is an object with a kind, or a word such as "commit+rst"');
  const { kind: spelling, ...own } = given as Readonly<Record<string, unknown>>;
  if (typeof spelling !== 'string') throw new BadFault('kind: a text is expected');
  const { kind: named, ...short } = spelled(spelling);
  const rest = { ...short, ...own };
  const { kind, ...filled } = aliasOf(named);
  const shape = Object.hasOwn(fields, kind) ? (fields as Readonly<Record<string, TProperties>>)[kind] : undefined;
  if (!shape) throw new BadFault(`kind: "${named}" is no fault; known: ${wordNames.join(', ')}`);
  const word = { ...filled, ...rest };
  const [finding] = compileContract(schemaOf(kind, shape)).check(word);
  if (finding) throw new BadFault(`${named}${finding.pointer}: ${finding.message}`);
  demandSense(kind, word);
  return { ...word, kind, named } as Word;
}

/** Every spelling that a fault may have. */
export const wordNames: readonly string[] = [...Object.keys(fields), ...Object.keys(aliases), 'commit+502'];

const schemas = new Map<string, ReturnType<typeof Type.Object>>();

function schemaOf(kind: string, shape: TProperties) {
  const known = schemas.get(kind) ?? Type.Object(shape, strict);
  schemas.set(kind, known);
  return known;
}

function aliasOf(named: string): Readonly<Record<string, unknown>> & { readonly kind: string } {
  const after = /^commit\+([2345]\d\d)$/.exec(named)?.[1];
  if (after !== undefined) return { kind: 'commit-then-status', status: Number(after) };
  return aliases[named] ?? { kind: named };
}

function spelled(text: string): Readonly<Record<string, unknown>> & { readonly kind: string } {
  const [, kind = '', inside = ''] = /^\s*([a-z0-9+-]+)\s*(?:\(([^()]*)\))?\s*$/i.exec(text) ?? [];
  const names = positions[aliasOf(kind).kind as WordKind] ?? [];
  const given = inside.trim() === '' ? [] : inside.split(',').map((each) => each.trim());
  if (kind === '' || given.length > names.length) throw new BadFault(`"${text}": not a word with these values`);
  const values = given.map((each, index) => [
    names[index] ?? '',
    each !== '' && !isNaN(Number(each)) ? Number(each) : each,
  ]);
  return { kind, ...Object.fromEntries(values) };
}

/** What a schema cannot say. */
function demandSense(kind: string, word: Readonly<Record<string, unknown>>): void {
  if (kind === 'latency' && (word['ms'] === undefined) === (word['distribution'] === undefined))
    throw new BadFault('latency: either ms or distribution is expected');
  if (kind === 'lookup-stale' && (word['ms'] === undefined) === (word['virtualMs'] === undefined))
    throw new BadFault('lookup-stale: either ms (real) or virtualMs is expected');
}
