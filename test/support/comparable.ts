import type { Asked } from './product.js';

/** What may differ between two answers that must be one and the same: the moment, and the request's own name. */
const own = new Set(['date', 'x-request-id', 'server-timing', 'ratelimit']);

/** An answer as text, without what belongs to the request alone: equal texts mean that nobody can tell the two apart. */
export function comparable({ status, headers, body, text }: Asked): string {
  const fields = [...headers].map(([name, value]) => (own.has(name) ? name : `${name}: ${value}`));
  if (body === undefined) return [status, ...fields, text].join('\n');
  const { requestId: _, instance: __, ...rest } = body as Record<string, unknown>;
  return [status, ...fields, JSON.stringify(rest)].join('\n');
}
