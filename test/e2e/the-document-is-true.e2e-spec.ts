import { ensureDemoTenant } from '../../src/dev/demo-tenant.js';
import { exampleNumeroInterne } from '../../src/api/openapi/examples.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { at, type DocumentedOperation, exampleOf, type Json, OpenApi } from '../support/open-api.js';
import { type Asked, ask, control, eventually, startProduct, type Product } from '../support/product.js';

describe('every example of the document', () => {
  let product: Product;
  let api: OpenApi;

  beforeAll(async () => {
    product = await startProduct();
    const { status, body } = await product.ask(undefined, 'GET', '/doc');
    expect(status).toBe(200);
    api = new OpenApi(body as Json);
    // The demo data as a developer's machine has them: their numbers come from the sandbox's seed.
    await control(product.sandbox, '/_sandbox/reset', { seed: 'opcovia' });
  });

  afterAll(async () => product.stop());

  /** A CFA as `npm start` registers it. */
  const demoTenant = () =>
    ensureDemoTenant(product.opcovia.api, { apiKey: makeApiKey('test'), sandboxUrl: product.sandbox.url, dossiers: 3 });

  /** Sends an operation's example; `values` replace parameters, `options` the body or the key. */
  const execute = (operation: DocumentedOperation, apiKey: string | undefined, { values = {}, body }: Sent = {}) => {
    const { path, headers } = exampleOf(operation, values);
    const example = body ?? operation.body?.['application/json']?.examples?.['exemple']?.value;
    return product.ask(apiKey, operation.method, path, { headers, ...(example !== undefined && { body: example }) });
  };

  const named = ({ method, path }: DocumentedOperation) => `${method} ${path}`;
  const isDeposit = ({ tags }: DocumentedOperation) => tags.includes('Dépôts');

  it('is executed as it stands by the demo CFA, and every answer is one that it shows', async () => {
    const { apiKey, numeros } = await demoTenant();
    expect(numeros['akto']).toBe(exampleNumeroInterne);
    // What the history tells is what the poller has seen.
    const history = `/akto/dossiers/${exampleNumeroInterne}/historique`;
    await eventually(
      () => product.ask(apiKey, 'GET', history),
      ({ status }) => status === 200,
    );
    const last = (operation: DocumentedOperation) => Number(operation.method === 'DELETE');
    const said: [string, number][] = [];
    for (const operation of [...api.operations].sort((one, other) => last(one) - last(other))) {
      const answer = await execute(operation, apiKey);
      expect([named(operation), api.betrays(operation, answer)]).toEqual([named(operation), []]);
      said.push([named(operation), answer.status]);
    }
    const failed = said.filter(([, status]) => status >= 300);
    // What is named by an id that only a creation gives: `links` say where to take it.
    expect(failed).toEqual(
      said.filter(([operation]) => /\{(?:id|jobId|syncId)\}/.test(operation)).map(([operation]) => [operation, 404]),
    );
    expect(said.length - failed.length).toBeGreaterThanOrEqual(35);
  });

  it('leads by its links to every operation that needs an id', async () => {
    const { apiKey } = await demoTenant();
    const reached = new Set<string>();
    for (const operation of api.operations.filter(linksOf)) {
      const answer = await execute(operation, apiKey);
      const targets = Object.values(operation.responses[String(answer.status)]?.links ?? {});
      expect([named(operation), targets.length]).toEqual([named(operation), expect.any(Number)]);
      for (const { operationId, parameters } of targets) {
        const target = api.operation(operationId);
        const values = Object.fromEntries(
          Object.entries(parameters).map(([name, expression]) => [name, evaluate(expression, operation, answer)]),
        );
        const followed = await execute(target, apiKey, { values });
        expect([named(target), api.betrays(target, followed)]).toEqual([named(target), []]);
        expect([named(target), [200, 202, 204, 409].includes(followed.status)]).toEqual([named(target), true]);
        reached.add(named(target));
      }
    }
    // A delivery is made by an event and a receiver, not by an example: `a-dead-receiver-is-caught-up` goes that way.
    const needing = api.operations
      .filter(({ path }) => /\{(?:id|jobId|syncId)\}/.test(path) && !path.includes('{deliveryId}'))
      .map(named);
    expect(needing.filter((each) => !reached.has(each))).toEqual([]);
  });

  it('of a deposit holds in a dry run, and is the same deposit as a form', async () => {
    const { apiKey } = await demoTenant();
    for (const operation of api.operations.filter(isDeposit)) {
      const dry = await execute(operation, apiKey, { values: { dryRun: true } });
      expect([named(operation), dry.status, dry.body.valid]).toEqual([named(operation), 200, true]);
      expect(api.betrays(operation, dry)).toEqual([]);
      const form = operation.body?.['multipart/form-data']?.examples?.['exemple']?.value as Json | undefined;
      if (!form) continue;
      const { body } = await execute(operation, apiKey);
      const again = await sendForm(`${product.opcovia.apiUrl}${exampleOf(operation).path}`, apiKey, form);
      expect([named(operation), again]).toEqual([named(operation), { status: 200, duplicateOf: body.jobId }]);
    }
  });

  it('of a read is not sent again to whoever holds it', async () => {
    const { apiKey } = await demoTenant();
    for (const operation of api.operations.filter(({ responses }) => responses['304'])) {
      const { headers } = await execute(operation, apiKey);
      const { path } = exampleOf(operation);
      const held = { 'if-none-match': headers.get('etag') ?? '' };
      const again = await product.ask(apiKey, 'GET', path, { headers: held });
      // What this process has observed of an OPCO may change between two looks at its status.
      if (operation.operationId !== 'status_status') expect([path, again.status]).toEqual([path, 304]);
      expect(api.betrays(operation, again)).toEqual([]);
    }
  });

  it('is answered as documented when it is refused: strangers, unknown and unable OPCOs, foreign types, broken bodies', async () => {
    const { apiKey } = await demoTenant();
    const statuses = new Set<number>();
    const judge = (operation: DocumentedOperation, answer: Asked) => {
      expect([named(operation), api.betrays(operation, answer)]).toEqual([named(operation), []]);
      statuses.add(answer.status);
    };
    for (const operation of api.operations.filter(({ security }) => security.length > 0)) {
      judge(operation, await execute(operation, undefined));
      judge(operation, await send(operation, { apiKey, headers: { accept: 'text/html' } }));
      if (operation.path.includes('{opcoId}')) {
        judge(operation, await execute(operation, apiKey, { values: { opcoId: 'opco-inconnu' } }));
        judge(operation, await execute(operation, apiKey, { values: { opcoId: 'opco-sante' } }));
      }
      if (!operation.body) continue;
      judge(operation, await send(operation, { apiKey, body: '{"a":', headers: {} }));
      judge(operation, await send(operation, { apiKey, body: '{"inconnu":1}', headers: {} }));
      judge(operation, await send(operation, { apiKey, body: 'a', headers: { 'content-type': 'text/plain' } }));
    }
    expect([...statuses].filter((status) => status >= 300).sort()).toEqual([400, 403, 404, 406, 415, 501]);
  });

  const send = (
    operation: DocumentedOperation,
    options: { apiKey: string; body?: string; headers: Record<string, string> },
  ) => ask(`${product.opcovia.apiUrl}${exampleOf(operation).path}`, { method: operation.method, ...options });
});

interface Sent {
  readonly values?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const linksOf = ({ responses }: DocumentedOperation) => Object.values(responses).some(({ links }) => links);

/** A runtime expression of OpenAPI, as far as our links use them. */
function evaluate(expression: string, operation: DocumentedOperation, { body }: Asked): unknown {
  const [, source, rest = ''] = /^\$(request\.path|response\.body)[.#](.*)$/.exec(expression) ?? [];
  if (source === 'response.body') return at(body, rest);
  return operation.parameters.find(({ name }) => name === rest)?.example;
}

async function sendForm(url: string, apiKey: string, { body, ...files }: Json) {
  const form = new FormData();
  form.set('body', new Blob([JSON.stringify(body)], { type: 'application/json' }));
  for (const [name, content] of Object.entries(files)) form.set(name, new Blob([String(content)]), name);
  const answer = await fetch(url, { method: 'POST', headers: { 'x-api-key': apiKey }, body: form });
  const { jobId } = (await answer.json()) as { jobId: string };
  return { status: answer.status, duplicateOf: jobId };
}
