import { ask, type Asked } from './product.js';

/** A request at the staff door, with a token or without. */
export function askStaff(
  { staffUrl }: { readonly staffUrl: string },
  token: string | undefined,
  [method, path, body]: readonly [method: string, path: string, body?: unknown],
): Promise<Asked> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return ask(`${staffUrl}${path}`, { method, headers, ...(body !== undefined && { body }) });
}
