import Type, { type TObject, type TSchema } from 'typebox';
import { lanes } from '../fair/classes.js';

/** No text of a message is longer, in bytes. */
export const longestMessage = 65_536;
/** Wants, grants or tenants of one message; with the longest names they stay below `longestMessage`. */
export const mostItems = 450;

const closed = { additionalProperties: false } as const;
/** A message of exactly these fields. */
export const message = <K extends string, T extends Record<string, TSchema>>(type: K, fields: T) =>
  Type.Object({ type: Type.Literal(type), ...fields }, closed);
/** A part of a message of exactly these fields. */
export const part = <T extends Record<string, TSchema>>(fields: T): TObject<T> => Type.Object(fields, closed);
/** A finite number between two bounds, both included. */
export const between = (minimum: number, maximum: number) => Type.Number({ minimum, maximum });
/** A whole number up to a bound. */
export const count = (maximum: number) => Type.Integer({ minimum: 0, maximum });

/** Milliseconds of a monotonic clock, or a duration of any length that makes sense. */
export const millis = between(0, 1e13);
/** Number of an epoch or of a word. */
export const serial = count(Number.MAX_SAFE_INTEGER);
/** Name of a budget; which there are, the hub knows. */
export const budget = Type.String({ minLength: 1, maxLength: 80 });
/** A part of a budget. */
export const share = between(0, 1);
/** One of the classes. */
export const lane = Type.Enum([...lanes]);
/** A tenant's hash. */
export const tenantPattern = '^[0-9a-f]{64}$';
/** The same, or empty for what is taken in store. */
export const tenantOrNone = Type.String({ pattern: '^([0-9a-f]{64})?$' });
/** Calls of one tenant and class that may be wanted, granted or given back. */
export const calls = count(100_000);

const wanted = part({ lane, tenant: tenantOrNone, weight: between(0.1, 100), calls });
const became = part({
  tenant: Type.String({ pattern: tenantPattern }),
  accepted: calls,
  failed: calls,
  throttled: calls,
  ms: Type.Optional(between(0, 3_600_000)),
  retryAfterMs: Type.Optional(between(0, 86_400_000)),
  headers: Type.Optional(
    Type.Record(Type.String({ pattern: '^[a-z0-9!#$%&*+.^_|~-]{1,64}$' }), Type.String({ maxLength: 512 }), {
      ...closed,
      maxProperties: 20,
    }),
  ),
});

/** What an instance may say, by type; `token` is for the line itself and never reaches the hub behind it. */
export const toHub = {
  hello: message('hello', {
    v: serial,
    instance: Type.String({ maxLength: 64 }),
    at: millis,
    held: part({ share, leftMs: between(0, 3_600_000), known: Type.Boolean() }),
    epoch: serial,
  }),
  lease: message('lease', {
    budget,
    wants: Type.Array(wanted, { maxItems: mostItems }),
    heard: Type.Optional(serial),
  }),
  renew: message('renew', { at: millis, confirms: serial }),
  release: message('release', { budget, calls }),
  report: message('report', { budget, became: Type.Array(became, { maxItems: mostItems }), ahead: calls }),
  leave: message('leave', {}),
  ping: message('ping', {}),
  token: message('token', { token: Type.String({ maxLength: 1024 }) }),
} as const;
