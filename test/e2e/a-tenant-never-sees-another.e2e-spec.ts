import { randomUUID } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { eventually, startProduct, type Asked, type Product } from '../support/product.js';

const publicPaths = /^\/(health|docs?)(\/|$|-|\?)/;

describe('two tenants', () => {
  let product: Product;
  let anna: string;
  let boris: string;

  beforeAll(async () => {
    product = await startProduct();
    anna = await product.newTenant('CFA Anna');
    boris = await product.newTenant('CFA Boris');
  });

  afterAll(() => product.stop());

  /** Every documented route of the running application. */
  let documented: { method: string; path: string }[] = [];

  beforeAll(async () => {
    const { body } = await product.ask(undefined, 'GET', '/doc');
    documented = Object.entries(body.paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    expect(documented.length).toBeGreaterThan(15);
  });

  const withIds = (path: string) =>
    path
      .replace('{opcoId}', 'akto')
      .replace('{numeroInterne}', 'INT-NONE')
      .replaceAll(/\{[a-zA-Z]*[iI]d\}/g, randomUUID());

  it('answers 403 with one and the same body on every route without a key, known or unknown', async () => {
    const bodies = new Set<string>();
    for (const { method, path } of [...documented, { method: 'GET', path: '/nowhere' }]) {
      if (publicPaths.test(path)) continue;
      const answer = await product.ask(undefined, method, withIds(path));
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      const { requestId: _, instance: __, ...rest } = answer.body;
      bodies.add(JSON.stringify(rest));
    }
    expect([...bodies]).toHaveLength(1);
  });

  it('answers 404 to an unknown route with a key', async () => {
    const answer = await product.ask(anna, 'GET', '/nowhere/at/all');
    expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  const strip = ({ status, body }: Asked) => {
    const { requestId: _, instance: __, ...rest } = body;
    return JSON.stringify({ status, rest });
  };

  it('answers to a foreign id exactly as to an id that never was', async () => {
    const job = await product.ask(anna, 'POST', '/opco-ep/dossiers', { body: { cerfa: exampleCerfa() } });
    const webhook = await product.ask(anna, 'POST', '/webhooks', {
      body: { url: 'https://cfa.example.org/hook', events: ['job.completed'] },
    });
    expect([job.status, webhook.status]).toEqual([202, 201]);
    const asks: [string, (id: string) => string, string][] = [
      ['GET', (id) => `/opco-ep/jobs/${id}`, job.body.jobId],
      ['POST', (id) => `/opco-ep/jobs/${id}/retry`, job.body.jobId],
      ['POST', (id) => `/opco-ep/jobs/${id}/cancel`, job.body.jobId],
      ['GET', (id) => `/webhooks/${id}`, webhook.body.id],
      ['PATCH', (id) => `/webhooks/${id}`, webhook.body.id],
      ['DELETE', (id) => `/webhooks/${id}`, webhook.body.id],
      ['POST', (id) => `/webhooks/${id}/test`, webhook.body.id],
      ['GET', (id) => `/webhooks/${id}/deliveries`, webhook.body.id],
    ];
    for (const [method, path, id] of asks) {
      const options = method === 'PATCH' ? { body: { status: 'paused' } } : {};
      const foreign = await product.ask(boris, method, path(id), options);
      const unknown = await product.ask(boris, method, path(randomUUID()), options);
      expect(foreign.status).toBe(404);
      expect(strip(foreign)).toBe(strip(unknown));
    }
    expect((await product.ask(anna, 'GET', `/webhooks/${webhook.body.id}`)).body.status).toBe('active');
    expect((await product.ask(anna, 'GET', `/akto/jobs/${job.body.jobId}`)).status).toBe(404);
  });

  it('keeps dossiers, lists, events and cache apart', async () => {
    const ticket = await product.ask(anna, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 3 }) } });
    const job = await eventually(
      () => product.ask(anna, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
    const { numeroInterne } = job.body.result;
    const own = await product.ask(anna, 'GET', `/akto/dossiers/${numeroInterne}`);
    expect(own.status).toBe(200);
    expect((await product.ask(anna, 'GET', `/akto/dossiers/${numeroInterne}`)).headers.get('cache-status')).toContain(
      'hit',
    );
    expect((await product.ask(boris, 'GET', `/akto/dossiers/${numeroInterne}`)).status).toBe(404);
    for (const path of ['/akto/dossiers/etats', '/akto/jobs', '/events', '/webhooks']) {
      expect((await product.ask(boris, 'GET', path)).body.data).toEqual([]);
    }
  });

  it('keeps the keys at the OPCOs apart, shows no more than a mask, and stops asking without one', async () => {
    const [other, read] = [await product.newTenant('CFA sans clé'), '/afdas/dossiers/etats'];
    const stored = await product.ask(other, 'PUT', '/afdas/credentials', { body: { cle: 'une-cle-bien-gardee-0042' } });
    expect([stored.status, stored.body.indice]).toEqual([200, '••••0042']);
    expect((await product.ask(other, 'GET', '/afdas/credentials')).text).not.toContain('bien-gardee');
    expect((await product.ask(anna, 'GET', '/afdas/credentials')).body.indice).not.toBe(stored.body.indice);
    expect((await product.ask(other, 'GET', read)).body.code).toBe('UPSTREAM_AUTH');
    expect((await product.ask(other, 'DELETE', '/afdas/credentials')).status).toBe(204);
    expect((await product.ask(other, 'DELETE', '/afdas/credentials')).status).toBe(404);
    expect((await product.ask(other, 'GET', '/afdas/credentials')).body.code).toBe('NOT_FOUND');
    expect((await product.ask(other, 'GET', read)).body.detail).toContain('PUT /afdas/credentials');
    const bad = await product.ask(other, 'PUT', '/afdas/credentials', { body: { cle: 'deux mots' } });
    expect([bad.status, bad.body.errors[0].pointer]).toEqual([400, '/cle']);
    expect(product.logged()).not.toContain('bien-gardee');
  });

  it('lets both use the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'shared' };
    const body = { cerfa: exampleCerfa({ rank: 4 }) };
    const [one, two] = await Promise.all(
      [anna, boris].map((key) => product.ask(key, 'POST', '/akto/dossiers', { body, headers })),
    );
    expect([one?.status, two?.status]).toEqual([202, 202]);
    expect(one?.body.jobId).not.toBe(two?.body.jobId);
  });

  it('logs no key, no name and no NIR', () => {
    const { apprenti } = exampleCerfa() as { apprenti: { nom: string; nir: string } };
    for (const secret of [anna, boris, apprenti.nom, apprenti.nir]) expect(product.logged()).not.toContain(secret);
    expect(product.logged()).toContain('answered');
  });
});
