import type { TObject } from 'typebox';
import { compileContract } from '../core/contract/check.js';
import { fail } from '../core/errors.js';
import { coerceQuery } from '../core/coerce-query.js';

/** The query of one of our own routes, in the types of its contract; throws VALIDATION_ERROR with pointers. */
export function readQuery<T>(schema: TObject, raw: Readonly<Record<string, unknown>>): T {
  const { query, unknown } = coerceQuery(schema, raw);
  const wrong = compileContract(schema).check(query);
  const findings = [...unknown, ...wrong.map((finding) => ({ ...finding, pointer: `/query${finding.pointer}` }))];
  if (findings.length > 0) throw fail('VALIDATION_ERROR', { findings });
  return query as T;
}
