import { type DocumentedOperation, type Json, OpenApi } from '../support/open-api.js';
import { startProduct, type Product } from '../support/product.js';

const accented = /[àâçéèêîôûœ]|\b(?:[ld]['’]|le|la|les|un|une|des|du|de|et|ce|qui|chez|par)\b/i;
const english = /\b(?:the|of|with|your|list|get|create|update|delete|by|and|for|is)\b/i;

const named = ({ method, path }: DocumentedOperation) => `${method} ${path}`;
const isDeposit = ({ tags }: DocumentedOperation) => tags.includes('Dépôts');

describe('the document of the running application', () => {
  let product: Product;
  let api: OpenApi;

  beforeAll(async () => {
    product = await startProduct();
    const { status, body } = await product.ask(undefined, 'GET', '/doc');
    expect(status).toBe(200);
    api = new OpenApi(body as Json);
  });

  afterAll(async () => product.stop());

  it('is OpenAPI 3.1, and knows no word of 3.0, nor of ours', () => {
    expect(api.document['openapi']).toMatch(/^3\.1\./);
    const keys = keysOf(api.document).filter((key) => /^(?:nullable|\$id|x-|~)/.test(key));
    expect(keys).toEqual([]);
  });

  it('has no reference that leads nowhere, and no part that nothing refers to', () => {
    const references = new Set(referencesOf(api.document));
    for (const each of references) expect([each, api.resolve({ $ref: each })]).toEqual([each, expect.anything()]);
    const { securitySchemes, ...parts } = api.document['components'] as Record<string, Json>;
    const named = Object.entries(parts).flatMap(([kind, each]) =>
      Object.keys(each).map((name) => `#/components/${kind}/${name}`),
    );
    expect(named.filter((each) => !references.has(each))).toEqual([]);
    expect(Object.keys(securitySchemes ?? {})).toEqual(['X-API-KEY']);
  });

  it('says in French what each operation does, under a name of its own and a section that is described', () => {
    expect(api.operations.length).toBeGreaterThan(30);
    for (const { operationId, summary, description } of api.operations) {
      for (const text of [summary, description]) {
        expect([operationId, text]).toEqual([operationId, expect.stringMatching(accented)]);
        const words = text.replaceAll(/`[^`]*`/g, '');
        expect([operationId, words]).toEqual([operationId, expect.not.stringMatching(english)]);
      }
    }
    expect(new Set(api.operations.map(({ operationId }) => operationId)).size).toBe(api.operations.length);
    const sections = api.document['tags'] as { name: string; description: string }[];
    expect(sections.every(({ description }) => accented.test(description))).toBe(true);
    const used = new Set(api.operations.flatMap(({ tags }) => tags));
    expect([...used].sort()).toEqual(sections.map(({ name }) => name).sort());
  });

  it('tells an integrator the six things to know first', () => {
    const { description } = api.document['info'] as { description: string };
    for (const word of ['X-API-KEY', 'Idempotency-Key', 'statusUrl', 'dryRun', 'multipart/form-data', 'Retry-After'])
      expect(description).toContain(word);
  });

  it('gives every parameter that must be there an example, and every body one, that their schemas hold true', () => {
    for (const operation of api.operations) {
      for (const { name, required, schema, example, description } of operation.parameters) {
        expect([named(operation), name, description]).toEqual([named(operation), name, expect.any(String)]);
        if (required) expect([named(operation), name, example]).toEqual([named(operation), name, expect.anything()]);
        if (example !== undefined)
          expect([named(operation), api.breaks(schema, example)]).toEqual([named(operation), []]);
      }
      for (const [type, { schema, examples = {} }] of Object.entries(operation.body ?? {})) {
        const values = Object.values(examples);
        expect([named(operation), type, values.length]).toEqual([named(operation), type, 1]);
        for (const { value } of values)
          expect([named(operation), type, api.breaks(schema, value)]).toEqual([named(operation), type, []]);
      }
    }
  });

  it('offers a form beside JSON wherever files come along, and nowhere else', () => {
    for (const operation of api.operations) {
      const types = Object.keys(operation.body ?? {});
      const taking = JSON.stringify(operation.body ?? {}).includes('"_files":');
      const expected = taking ? ['application/json', 'multipart/form-data'] : ['application/json'];
      expect([named(operation), types]).toEqual([named(operation), operation.body ? expected : []]);
    }
    expect(
      api.operations
        .filter(({ body }) => body?.['multipart/form-data'])
        .map(({ path }) => path)
        .sort(),
    ).toEqual(
      expect.arrayContaining(
        ['certificats', 'conventions', 'documents', 'factures'].map((type) => `/{opcoId}/${type}`),
      ),
    );
  });

  it('names what each kind of route may answer', () => {
    for (const operation of api.operations) {
      const { responses, security, path, body, parameters } = operation;
      const cached = parameters.some(({ name }) => name === 'If-None-Match');
      const wanted = [
        ...[400, 500, 503],
        ...(security.length > 0 ? [403, 406, 429] : []),
        ...(path.includes('{') ? [404] : []),
        ...(path.includes('{opcoId}') ? [501] : []),
        ...(body ? [408, 413, 415, 417] : []),
        ...(cached ? [304, 422, 502, 504] : []),
        ...(isDeposit(operation) ? [200, 202, 422] : []),
      ].map(String);
      expect([named(operation), wanted.filter((status) => !responses[status])]).toEqual([named(operation), []]);
      for (const [status, { content, description }] of Object.entries(responses)) {
        expect(description).not.toBe('');
        if (Number(status) >= 400) expect(Object.keys(content ?? {})).toContain('application/problem+json');
      }
    }
  });

  it('names the header fields of requests and answers', () => {
    const asked = (name: string) =>
      api.operations.filter(({ parameters }) => parameters.some((each) => each.in === 'header' && each.name === name));
    const deposits = api.operations.filter(isDeposit).map(named);
    expect(asked('Idempotency-Key').map(named)).toEqual(deposits);
    expect(asked('X-CFA-KEY').map(named)).toEqual(['GET /{opcoId}/cfakeyinfo']);
    const reads = asked('If-None-Match');
    expect(asked('Cache-Control')).toEqual(reads);
    expect(reads.length).toBeGreaterThanOrEqual(7);
    const fields = (operation: DocumentedOperation, status: number) =>
      Object.keys(operation.responses[String(status)]?.headers ?? {});
    for (const read of reads)
      expect(fields(read, 200)).toEqual(expect.arrayContaining(['ETag', 'Cache-Control', 'Cache-Status', 'RateLimit']));
    for (const deposit of api.operations.filter(isDeposit)) expect(fields(deposit, 202)).toContain('Location');
  });
});

/** Every key of every object, but of examples, which are data. */
function keysOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(keysOf);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, each]) => [key, ...(/^examples?$/.test(key) ? [] : keysOf(each))]);
}

function referencesOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(referencesOf);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, each]) =>
    key === '$ref' && typeof each === 'string' ? [each] : referencesOf(each),
  );
}
