import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { eventCatalogue } from '../../src/core/contract/event-catalogue.js';

/**
 * Judges whole events by the published catalogue, with a validator that is not ours. Stricter than what is published: a member that
 * the schema does not name is a fault here, since nobody could have read of it.
 */
export class EventJudge {
  readonly #validators;

  constructor(catalogue: readonly { event: string; schema: Readonly<Record<string, unknown>> }[] = eventCatalogue()) {
    const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
    formats.default(ajv);
    this.#validators = new Map(catalogue.map(({ event, schema }) => [event, ajv.compile(closed(schema) as object)]));
  }

  /** What is wrong with the event; the empty list when nothing is. */
  faults(event: unknown): readonly string[] {
    const { event: type } = event as { event: string };
    const validate = this.#validators.get(type);
    if (!validate) return [`${type} is not in the catalogue`];
    return validate(event)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) => `${type} ${instancePath} ${message} ${JSON.stringify(params)}`,
        );
  }
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return inner['type'] === 'object' && inner['properties'] ? { additionalProperties: false, ...inner } : inner;
}
