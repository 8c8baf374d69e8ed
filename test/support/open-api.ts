import { Compile, type Validator } from 'typebox/schema';
import type { Asked } from './product.js';

/** A JSON object of a document, whose keywords are not known beforehand. */
export type Json = Readonly<Record<string, unknown>>;

/** A parameter of an operation, references resolved. */
export interface DocumentedParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Json;
  readonly example?: unknown;
}

/** One media type of a body. */
export interface DocumentedContent {
  readonly schema: Json;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** One answer of an operation. */
export interface DocumentedAnswer {
  readonly description: string;
  readonly headers?: Json;
  readonly content?: Readonly<Record<string, DocumentedContent>>;
  readonly links?: Readonly<
    Record<string, { readonly operationId: string; readonly parameters: Record<string, string> }>
  >;
}

/** One operation with its method and path, references of its parameters resolved. */
export interface DocumentedOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security: readonly unknown[];
  readonly parameters: readonly DocumentedParameter[];
  readonly body?: Readonly<Record<string, DocumentedContent>>;
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

/** An OpenAPI document that a running application served. */
export class OpenApi {
  readonly operations: readonly DocumentedOperation[];
  readonly #strict = new WeakMap<Json, Validator>();

  constructor(readonly document: Json) {
    this.operations = Object.entries(document['paths'] as Record<string, Record<string, Json>>).flatMap(
      ([path, each]) =>
        Object.entries(each).map(([method, operation]) => this.#operation(method.toUpperCase(), path, operation)),
    );
  }

  /** What a reference stands for; anything else as it is. Throws when nothing stands there. */
  resolve(node: unknown): unknown {
    const { $ref } = (node ?? {}) as { $ref?: string };
    if ($ref === undefined) return node;
    const found = at(this.document, $ref.slice(1));
    if (found === undefined) throw new Error(`${$ref} leads nowhere`);
    return found;
  }

  /** An operation by its id; throws for one that there is not. */
  operation(operationId: string): DocumentedOperation {
    const found = this.operations.find((each) => each.operationId === operationId);
    if (!found) throw new Error(`no operation is called ${operationId}`);
    return found;
  }

  /** What of a value breaks a schema of the document; the empty list when it holds. */
  breaks(schema: Json, value: unknown): readonly string[] {
    const [holds, errors] = Compile({ ...schema, components: this.document['components'] } as Json).Errors(value);
    return holds ? [] : errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  /** What an answer says that the document does not: status, media type, body (a field that is not documented too), header fields. */
  betrays({ responses }: DocumentedOperation, { status, headers, body }: Asked): readonly string[] {
    const documented = responses[String(status)];
    if (!documented) return [`${status} is not documented`];
    const missing = Object.keys(documented.headers ?? {}).filter((name) => !optional.has(name) && !headers.has(name));
    return [
      ...missing.map((name) => `${status} has no ${name}`),
      ...this.#misreads(documented, { status, headers, body }),
    ];
  }

  #misreads({ content }: DocumentedAnswer, { status, headers, body }: Omit<Asked, 'text'>): readonly string[] {
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    if (!content) return body === undefined ? [] : [`${status} has a body`];
    const shown = content[type];
    if (!shown) return [`${status} is of type ${type}`];
    const [holds, errors] = this.#strictly(shown.schema).Errors(body);
    return holds ? [] : errors.map(({ instancePath, message }) => `${status} ${instancePath} ${message}`);
  }

  /** A schema that refuses what it does not name; compiled once, since each carries all the parts of the document. */
  #strictly(schema: Json): Validator {
    const known = this.#strict.get(schema);
    if (known) return known;
    const { components } = this.document as { components: Json };
    const validator = Compile(closed({ ...schema, components }) as Json);
    this.#strict.set(schema, validator);
    return validator;
  }

  #operation(method: string, path: string, { parameters = [], requestBody, ...rest }: Json): DocumentedOperation {
    const content = (this.resolve(requestBody) as { content?: Record<string, DocumentedContent> } | undefined)?.content;
    return {
      ...(rest as unknown as DocumentedOperation),
      ...{
        method,
        path,
        parameters: (parameters as unknown[]).map((each) => this.resolve(each) as DocumentedParameter),
      },
      ...(content && { body: content }),
    };
  }
}

/** Header fields that only some answers of a status have. */
const optional: ReadonlySet<string> = new Set(['Age', 'Opcovia-Stale', 'Location']);

/** Where a JSON pointer leads (RFC 6901); undefined when nowhere. */
export function at(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>(
    (node, step) => (node as Json | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')],
    value,
  );
}

/** The schema, every object of which refuses what it does not name unless it says otherwise. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const inside = Object.fromEntries(Object.entries(node).map(([name, each]) => [name, closed(each)]));
  return inside['type'] === 'object' && inside['properties'] ? { additionalProperties: false, ...inside } : inside;
}

/** The address and the header fields of an operation's example; `values` replace what the document shows, by name. */
export function exampleOf({ path, parameters }: DocumentedOperation, values: Readonly<Record<string, unknown>> = {}) {
  const headers: Record<string, string> = {};
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: place, example } of parameters) {
    const value = values[name] ?? example;
    if (value === undefined) continue;
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(String(value)));
    else if (place === 'query') query.set(name, String(value));
    else headers[name] = String(value);
  }
  return { path: query.size > 0 ? `${address}?${query}` : address, headers };
}
