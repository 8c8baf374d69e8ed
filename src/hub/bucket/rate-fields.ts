/** What an OPCO says of its own counting, in whichever of the two spellings it uses. */
export interface RateFields {
  /** Calls in a window. */
  readonly policy?: { readonly calls: number; readonly windowMs: number };
  /** Calls left in the window. */
  readonly remaining?: number;
  readonly resetMs?: number;
}

type Headers = Readonly<Record<string, string>>;

/**
 * Reads `RateLimit` and `RateLimit-Policy` as structured fields (`"day";r=50;t=30`, `"day";q=100;w=60`), and as the drafts before
 * them spelt them (`limit=100, remaining=50, reset=30`; `100;w=60`; `RateLimit-Remaining`). Undefined where nothing is said or
 * nothing can be made of it: what a foreign server writes is never trusted to be well-formed.
 */
export function readRateFields(headers: Headers): RateFields | undefined {
  const limit = headers['ratelimit'] ?? '';
  const policy = policyOf(headers['ratelimit-policy'] ?? '');
  const remaining =
    number(limit, /(?:;\s*r|remaining)\s*=\s*(\d{1,9})/) ?? number(headers['ratelimit-remaining'], /^(\d{1,9})$/);
  const reset = number(limit, /(?:;\s*t|reset)\s*=\s*(\d{1,9})/) ?? number(headers['ratelimit-reset'], /^(\d{1,9})$/);
  if (!policy && remaining === undefined) return undefined;
  return {
    ...(policy && { policy }),
    ...(remaining !== undefined && { remaining }),
    ...(reset !== undefined && { resetMs: reset * 1000 }),
  };
}

function policyOf(field: string): RateFields['policy'] {
  const calls = number(field, /;\s*q\s*=\s*(\d{1,9})/) ?? number(field, /^\s*(\d{1,9})\s*;/);
  const seconds = number(field, /;\s*w\s*=\s*(\d{1,9})/);
  return calls && seconds ? { calls, windowMs: seconds * 1000 } : undefined;
}

function number(text: string | undefined, pattern: RegExp): number | undefined {
  const found = pattern.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
