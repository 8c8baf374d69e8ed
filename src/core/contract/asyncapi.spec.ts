import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { eventTypes } from '../events.js';
import { asyncApiDocument } from './asyncapi.js';

const official = JSON.parse(readFileSync(require.resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8')) as {
  definitions: Record<string, object>;
};
// The official bundle carries a copy of a meta-schema that every validator of draft 07 already has.
delete official.definitions['http://json-schema.org/draft-07/schema'];
const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false }).compile(official);
const faults = (document: object) =>
  validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);

describe('the AsyncAPI document', () => {
  const document = JSON.parse(JSON.stringify(asyncApiDocument())) as Record<string, object>;

  it('holds by the official schema of AsyncAPI 3.0', () => {
    expect(faults(document)).toEqual([]);
    expect(faults({ ...document, asyncapi: '2.6.0' })).not.toEqual([]);
    expect(faults({ ...document, operations: { read: { action: 'listen' } } })).not.toEqual([]);
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
    const at = (path: string) =>
      path.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
    expect(references.length).toBeGreaterThan(eventTypes.length);
    expect(references.filter((path) => at(path) === undefined)).toEqual([]);
  });

  it('shows every type with its header fields', () => {
    const { messages } = document['components'] as { messages: Record<string, { headers: { required: string[] } }> };
    expect(Object.keys(messages)).toEqual(eventTypes);
    for (const { headers } of Object.values(messages)) {
      expect(headers.required).toEqual(
        expect.arrayContaining(['webhook-id', 'webhook-timestamp', 'webhook-signature', 'opcovia-signature']),
      );
    }
  });
});
