import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Finding } from '../errors.js';
import { explain } from './explain.js';

/** A contract ready to judge values; made once for each schema. */
export interface CompiledContract {
  /** Everything wrong with the value, at most a hundred findings; the empty list when it holds. */
  check(value: unknown): readonly Finding[];
  /** The verdict alone. */
  holds(value: unknown): boolean;
}

const nothing: readonly Finding[] = [];
const compiled = new WeakMap<TSchema, CompiledContract>();

/**
 * Compiles a schema on first use and remembers it. A valid value costs one generated function; only a refused one is
 * walked a second time to say in French what is wrong and where.
 */
export function compileContract(schema: TSchema): CompiledContract {
  const known = compiled.get(schema);
  if (known) return known;
  const validator = Compile(schema);
  const contract: CompiledContract = {
    check: (value) => (validator.Check(value) ? nothing : explained(schema, value)),
    holds: (value) => validator.Check(value),
  };
  compiled.set(schema, contract);
  return contract;
}

/** A refusal is never silent: should the walk miss what the compiled check saw, the whole value is named. */
function explained(schema: TSchema, value: unknown): readonly Finding[] {
  const findings = explain(schema, value);
  return findings.length > 0
    ? findings
    : [{ pointer: '', code: 'invalid', message: 'Le contenu ne respecte pas le contrat.' }];
}
