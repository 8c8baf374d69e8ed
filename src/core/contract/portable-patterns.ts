/**
 * A JSON value with its regular expressions in the words that every engine reads. Ours use `\p{Cc}` and `\p{Cs}`, which need the
 * flag `u`; many tools compile without it. Lone surrogates are left out: without the flag their range would also refuse an emoji,
 * and no UTF-8 body can hold one.
 */
export function withPortablePatterns<T>(value: T): T {
  return rewritten(value) as T;
}

function rewritten(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rewritten);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      if (name === 'pattern' && typeof value === 'string') return [name, portable(value)];
      return [name, name === 'patternProperties' ? byPattern(value) : rewritten(value)];
    }),
  );
}

function byPattern(schemas: unknown): unknown {
  return Object.fromEntries(
    Object.entries(schemas as object).map(([pattern, schema]) => [portable(pattern), rewritten(schema)]),
  );
}

const portable = (pattern: string) =>
  pattern.replaceAll('\\p{Cc}', '\\u0000-\\u001f\\u007f-\\u009f').replaceAll('\\p{Cs}', '');
