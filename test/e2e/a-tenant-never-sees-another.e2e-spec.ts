import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { tenantHashOf } from '../../src/core/tenant.js';
import { redisGrounds } from '../support/canaries.js';
import { ask, control, eventually, startProduct, type Product } from '../support/product.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

describe('two tenants', () => {
  let product: Product;
  let anna: string;
  let boris: string;
  const receiver = new WebhookReceiver();
  let receiverUrl: string;

  beforeAll(async () => {
    const port = await receiver.listen();
    receiverUrl = `http://127.0.0.1:${port}`;
    product = await startProduct({ OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` });
    anna = await product.newTenant('CFA Anna');
    boris = await product.newTenant('CFA Boris');
  });

  afterAll(async () => {
    await product.stop();
    await receiver.close();
  });

  /** Deposits a contract and gives its number at the OPCO. */
  async function depositedBy(key: string, rank: number, opcoId = 'akto'): Promise<string> {
    const ticket = await product.ask(key, 'POST', `/${opcoId}/dossiers`, { body: { cerfa: exampleCerfa({ rank }) } });
    const job = await eventually(
      () => product.ask(key, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
    return job.body.result.numeroInterne;
  }

  it('keeps dossiers, lists, events and cache apart', async () => {
    const numeroInterne = await depositedBy(anna, 3);
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

  it('takes the tenant from the key alone: a hash in a header, a query or a body is refused or ignored', async () => {
    const [own, other] = [anna, boris].map(tenantHashOf);
    const body = { url: `${receiverUrl}/spoofed`, events: ['job.completed'] };
    for (const name of ['x-tenant-hash', 'tenanthash', 'tenant_hash', 'x-tenant', 'x-tenant-id', 'x-forwarded-user']) {
      const headers = { [name]: other ?? '' };
      const made = await product.ask(anna, 'POST', '/webhooks', { body, headers });
      expect([name, made.status]).toEqual([name, 201]);
      expect((await product.ask(boris, 'GET', `/webhooks/${made.body.id}`)).status).toBe(404);
      expect((await product.ask(anna, 'DELETE', `/webhooks/${made.body.id}`, { headers })).status).toBe(204);
    }
    for (const name of ['tenantHash', 'tenant_hash', 'tenant', 'keyId']) {
      const mixed = await product.ask(anna, 'POST', '/webhooks', { body: { ...body, [name]: other } });
      const deposit = { cerfa: { ...exampleCerfa({ rank: 9 }), [name]: other } };
      const refused = [
        mixed,
        await product.ask(anna, 'POST', '/akto/dossiers', { body: deposit }),
        await product.ask(anna, 'POST', '/akto/dossiers', { body: { ...deposit, [name]: other } }),
        await product.ask(anna, 'GET', `/akto/jobs?${name}=${other}`),
        await product.ask(anna, 'GET', `/webhooks?${name}=${other}`),
        await product.ask(anna, 'GET', `/akto/dossiers/etats?${name}=${other}`),
      ];
      for (const { status, text } of refused) {
        expect([name, status]).toEqual([name, 400]);
        // Nobody learns the whole hash of a tenant, not even of its own.
        for (const hash of [own, other]) expect(text).not.toContain(hash);
      }
    }
    expect((await product.ask(boris, 'GET', '/webhooks')).body.data).toEqual([]);
  });

  it('shows nothing kept any more once the OPCO refuses the key, however the client asks, and again when it accepts it', async () => {
    const path = `/afdas/dossiers/${await depositedBy(anna, 20, 'afdas')}`;
    // What is read within a second of a deposit stays in the process for a moment only; here it must be kept for long.
    await eventually(
      async () => {
        await product.ask(anna, 'GET', path, { headers: { 'cache-control': 'no-cache' } });
        return (await redisGrounds(product.redisUrl)).map(({ content }) => String(content));
      },
      (keys) => keys.some((key) => key.startsWith(`opcovia:cache:afdas:${tenantHashOf(anna)}:GET:/dossiers:`)),
    );
    const refusal = { opcoId: 'afdas', method: 'GET', kind: 'status', status: 403 };
    await control(product.sandbox, '/_sandbox/faults', [refusal]);
    // The poller finds out, whether or not the tenant asks for anything new.
    await eventually(
      () => product.ask(anna, 'GET', path),
      ({ status }) => status !== 200,
    );
    for (const demand of ['', 'max-stale=86400', 'only-if-cached', 'max-age=3600', 'no-cache']) {
      const { status, body, text } = await product.ask(anna, 'GET', path, { headers: { 'cache-control': demand } });
      expect([demand, body.code]).toEqual([demand, demand === 'only-if-cached' ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_AUTH']);
      expect(status).toBeGreaterThanOrEqual(500);
      expect(text).not.toContain('cerfa');
    }
    await ask(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    expect((await product.ask(anna, 'GET', path)).status).toBe(200);
  });

  it('sends the events of a tenant to its own webhooks alone', async () => {
    const events = ['job.completed', 'job.failed', 'dossier.etat_changed', 'dossier.updated'];
    for (const [who, key] of [
      ['anna', anna],
      ['boris', boris],
    ] as const) {
      await product.ask(key, 'POST', '/webhooks', { body: { url: `${receiverUrl}/${who}`, events } });
    }
    const [one, two] = [receiver.until(1, '/anna'), receiver.until(1, '/boris')];
    const numeros = [await depositedBy(anna, 30), await depositedBy(boris, 31)];
    await Promise.all([one, two]);
    const told = (path: string) =>
      receiver
        .at(path)
        .map(({ body }) => body)
        .join('');
    expect([told('/anna').includes(numeros[0] ?? ''), told('/boris').includes(numeros[1] ?? '')]).toEqual([true, true]);
    expect([told('/anna').includes(numeros[1] ?? ''), told('/boris').includes(numeros[0] ?? '')]).toEqual([
      false,
      false,
    ]);
  });

  it('gives ids that tell nothing of one another: random UUIDs, no number of a queue', async () => {
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        product.ask(i % 2 ? anna : boris, 'POST', '/opco-ep/dossiers', {
          body: { cerfa: exampleCerfa({ rank: 100 + i }) },
        }),
      ),
    );
    const ids = many.map(({ body }) => body.jobId as string);
    expect(new Set(ids).size).toBe(60);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const tails = ids.map((id) => BigInt(`0x${id.slice(24)}`)).sort((a, b) => (a < b ? -1 : 1));
    for (const [i, tail] of tails.slice(1).entries()) expect(tail - (tails[i] ?? 0n)).toBeGreaterThan(1n);
    const job = await product.ask(anna, 'GET', `/opco-ep/jobs/${ids[1]}`);
    const named = Object.entries(job.body).filter(([name]) => /id$/i.test(name) && name !== 'opcoId');
    expect(named).toEqual([['jobId', ids[1]]]);
  });

  it('logs no key, no name and no NIR', () => {
    const { apprenti } = exampleCerfa() as { apprenti: { nom: string; nir: string } };
    for (const secret of [anna, boris, apprenti.nom, apprenti.nir]) expect(product.logged()).not.toContain(secret);
    expect(product.logged()).toContain('answered');
  });
});
