import type { TSchema } from 'typebox';

/**
 * The schema as OpenAPI 3.1 wants it: every part that has an `$id` goes to `components` under that name and is replaced
 * by a reference. `components` is filled as a side effect, so that several bodies can share one map.
 */
export function openApiSchema(schema: TSchema, components: Record<string, unknown>): unknown {
  return hoist(JSON.parse(JSON.stringify(schema)), components);
}

function hoist(node: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((each) => hoist(each, components));
  if (typeof node !== 'object' || node === null) return node;
  const { $id, ...rest } = node as Record<string, unknown>;
  // What our own reading of answers wants to know is nobody else's business.
  const shown = Object.entries(rest).filter(([key]) => !key.startsWith('x-'));
  const written = Object.fromEntries(shown.map(([key, value]) => [key, hoist(value, components)]));
  if (typeof $id !== 'string') return written;
  components[$id] ??= { title: $id, ...written };
  return { $ref: `#/components/schemas/${$id}` };
}
