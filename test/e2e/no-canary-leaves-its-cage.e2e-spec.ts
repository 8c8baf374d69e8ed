import pg from 'pg';
import { CagedTenant } from '../support/caged-tenant.js';
import { databaseGrounds, hunt, redisGrounds, type Canaries, type Ground } from '../support/canaries.js';
import { ask, control, eventually, startProduct, type Product } from '../support/product.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Columns that hold a value in clear because it is what they are for, and whose it is. */
const inClear = new Set(['database webhooks.url webhookChemin', 'database webhooks.url webhookParametre']);

describe('canaries of two tenants in every field', () => {
  const receiver = new WebhookReceiver();
  let product: Product;
  let tenants: CagedTenant[] = [];
  const secrets: Record<string, string> = {};
  /** What stood in Redis at every step, also while a job was on its way. */
  const redis: Ground[] = [];

  beforeAll(async () => {
    const port = await receiver.listen();
    product = await startProduct({ OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` });
    tenants = [await CagedTenant.enter(product, 'anna', 500), await CagedTenant.enter(product, 'boris', 600)];
    // A word at a time of each, so that what is left lying about by one meets the other.
    for (const flow of [subscribe, read, deposit, refusals, upstreamFaults, databaseFault, read]) {
      for (const tenant of tenants) await flow(tenant, port);
      redis.push(...(await redisGrounds(product.redisUrl)));
    }
    for (const { name } of tenants)
      await eventually(
        () => Promise.resolve(hooksOf(name)),
        (came) => came.length >= 3,
      );
  });

  afterAll(async () => {
    await product.stop();
    await receiver.close();
  });

  const hooksOf = (name: string) => receiver.received.filter(({ path }) => path.startsWith(`/${name}/`));
  const all = (): Canaries =>
    Object.fromEntries([
      ...tenants.flatMap(({ name, canaries }) => Object.entries(canaries).map(([what, v]) => [`${name} ${what}`, v])),
      ...Object.entries(secrets),
    ]) as Canaries;
  const settled = (tenant: CagedTenant, statusUrl: string) =>
    eventually(
      () => tenant.ask('GET', statusUrl),
      ({ body }) => !['pending', 'processing'].includes(body.status),
    );

  async function subscribe(tenant: CagedTenant, port: number): Promise<void> {
    const path = `${tenant.name}/${tenant.value('webhookChemin')}?jeton=${tenant.value('webhookParametre')}`;
    const body = {
      url: `http://127.0.0.1:${port}/${path}`,
      events: ['job.completed', 'job.failed', 'job.needs_review', 'dossier.etat_changed', 'dossier.updated'],
    };
    const created = await tenant.ask('POST', '/webhooks', { body });
    expect(created.status).toBe(201);
    secrets[`${tenant.name} webhook secret`] = created.body.secret.replace(/^whsec_/, '');
    await tenant.ask('POST', `/webhooks/${created.body.id}/test`);
    await tenant.ask('PATCH', `/webhooks/${created.body.id}`, { body: { url: body.url } });
    await tenant.ask('GET', `/webhooks/${created.body.id}/deliveries`);
  }

  async function read(tenant: CagedTenant): Promise<void> {
    const list = await tenant.ask('GET', '/akto/dossiers/etats');
    const paths = ['/akto/dossiers/etats', '/akto/status', '/akto/jobs', '/webhooks', '/events', '/akto/credentials'];
    const numeros = (list.body.data as { numeroInterne: string }[]).map(({ numeroInterne }) => numeroInterne);
    for (const path of [...paths, ...numeros.map((numero) => `/akto/dossiers/${numero}`)]) {
      for (const cacheControl of ['max-age=60', 'no-cache', 'no-store']) {
        await tenant.ask('GET', path, { headers: { 'cache-control': cacheControl } });
      }
    }
  }

  async function deposit(tenant: CagedTenant): Promise<void> {
    const headers = { 'idempotency-key': tenant.value('idempotence') };
    const ticket = await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: tenant.cerfa() }, headers });
    expect(ticket.status).toBe(202);
    redis.push(...(await redisGrounds(product.redisUrl)));
    const job = await settled(tenant, ticket.body.statusUrl);
    expect(job.body.status).toBe('completed');
    await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: tenant.cerfa() }, headers });
    await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: tenant.cerfa(1) }, headers });
    const document = await tenant.ask('POST', '/akto/documents', {
      body: tenant.document(job.body.result.numeroInterne),
    });
    expect(document.status).toBe(202);
    await settled(tenant, document.body.statusUrl);
    const dossier = await tenant.ask('GET', `/akto/dossiers/${job.body.result.numeroInterne}`);
    // The hunt is worth something only if the canaries are really under way.
    expect(dossier.text).toContain(tenant.value('nom'));
  }

  async function refusals(tenant: CagedTenant): Promise<void> {
    const [word, body] = [tenant.value('chemin'), tenant.value('corps')];
    await tenant.ask('GET', `/akto/dossiers/${word}`);
    await tenant.ask('GET', `/akto/jobs/${word}`);
    await tenant.ask('GET', `/${word}/dossiers/etats`);
    await tenant.ask('GET', `/akto/dossiers/etats?page=${tenant.value('parametre')}`);
    await tenant.ask('GET', `/akto/dossiers/etats?XAPIKEY=${tenant.value('parametre')}`);
    await tenant.ask('GET', `/akto/jobs?cursor=${tenant.value('parametre')}`);
    await tenant.ask('POST', '/akto/dossiers', { body: `{"cerfa": {"nom": "${body}", ` });
    await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: { ...tenant.cerfa(2), etat: body } } });
    await tenant.ask('POST', '/akto/documents', { body: { ...tenant.document('INT-1'), typeFichier: body } });
    await tenant.ask('POST', '/akto/dossiers', {
      body: body.repeat(100_000).slice(0, 120_000),
      headers: { 'content-type': 'text/plain' },
    });
    await tenant.ask('PUT', '/akto/credentials', { body: { cle: `${body} en deux mots` } });
    await tenant.ask('POST', '/webhooks', { body: { url: `https://127.0.0.1/${body}`, events: [body] } });
    await tenant.ask('GET', '/akto/jobs', { headers: { 'x-api-key': `${tenant.key}x` } });
  }

  async function upstreamFaults(tenant: CagedTenant): Promise<void> {
    const mot = tenant.value('motOpco');
    const said = { code: 'X', message: mot, erreurs: [{ message: mot }], detail: mot };
    const post = { opcoId: 'akto', method: 'POST', path: '/v2/dossiers', times: 1 };
    const faults = [
      { ...post, kind: 'status', status: 422, body: said },
      { ...post, kind: 'commit-then-status', status: 500, body: said },
      { ...post, kind: 'commit-then-reset' },
    ];
    for (const [index, fault] of faults.entries()) {
      await control(product.sandbox, '/_sandbox/faults', [fault]);
      const ticket = await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: tenant.cerfa(3 + index) } });
      expect(ticket.status).toBe(202);
      await settled(tenant, ticket.body.statusUrl);
    }
    for (const kind of [
      { kind: 'status', status: 500, body: said },
      { kind: 'truncate' },
      { kind: 'reset-before-read' },
    ]) {
      await control(product.sandbox, '/_sandbox/faults', [{ opcoId: 'akto', method: 'GET', times: 3, ...kind }]);
      await tenant.ask('GET', '/akto/dossiers/etats', { headers: { 'cache-control': 'no-cache' } });
    }
    await ask(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
  }

  /** A table that is gone makes PostgreSQL name statement and values in its error. */
  async function databaseFault(tenant: CagedTenant): Promise<void> {
    const owner = new pg.Client({ connectionString: product.databaseUrl });
    await owner.connect();
    await owner.query('ALTER TABLE idempotency_claims RENAME TO gone; ALTER TABLE webhooks RENAME TO gone_too');
    const failed = [
      await tenant.ask('POST', '/akto/dossiers', { body: { cerfa: tenant.cerfa(9) } }),
      await tenant.ask('GET', '/webhooks'),
    ];
    await owner.query('ALTER TABLE gone RENAME TO idempotency_claims; ALTER TABLE gone_too RENAME TO webhooks');
    await owner.end();
    expect(failed.map(({ status, body }) => [status, body.code])).toEqual([
      [500, 'INTERNAL_ERROR'],
      [500, 'INTERNAL_ERROR'],
    ]);
  }

  it('are found in any spelling, so that the hunt is worth something', () => {
    const canaries = { one: 'Prénom-0123' };
    const hidden = (text: string) => Buffer.from(text, 'utf8').toString('base64');
    const value = canaries.one;
    const grounds = [value, `x${value.toUpperCase()}`, Buffer.from(value).toString('hex'), encodeURIComponent(value)];
    const shifted = ['', 'a', 'ab', 'abc'].map((before) => hidden(`${before}${value}, fin`));
    for (const content of [...grounds, ...shifted, JSON.stringify(value).replace('é', '\\u00e9')]) {
      expect([content, hunt(canaries, [{ where: 'here', content }]).length]).not.toEqual([content, 0]);
    }
    expect(hunt(canaries, [{ where: 'here', content: 'Prenom-0124' }])).toEqual([]);
  });

  it('of one are in nothing that the other receives: answers, header fields, webhooks, events', () => {
    for (const [one, other] of [tenants, [...tenants].reverse()] as [CagedTenant, CagedTenant][]) {
      const received: Ground[] = [
        ...one.answers,
        ...hooksOf(one.name).map(({ headers, body }) => ({
          where: 'webhook',
          content: JSON.stringify(headers) + body,
        })),
      ];
      expect(received.length).toBeGreaterThan(60);
      expect(hunt(other.canaries, received)).toEqual([]);
      expect(hunt({ name: `CFA ${other.name}` }, received)).toEqual([]);
    }
  });

  it('are not in the logs, nor in the metrics', async () => {
    const metrics = await ask(`${product.opcovia.staffUrl}/metrics`, { method: 'GET' });
    const grounds = [
      { where: 'logs', content: product.logged() },
      { where: 'metrics', content: metrics.text },
    ];
    expect(product.logged().length).toBeGreaterThan(10_000);
    expect(hunt(all(), grounds)).toEqual([]);
  });

  it('are not in Redis, key or value', () => {
    for (const kind of ['opcovia:cache:', 'opcovia:queue:'])
      expect([kind, redis.some(({ where }) => where.startsWith(`redis ${kind}`))]).toEqual([kind, true]);
    expect(hunt(all(), redis)).toEqual([]);
  });

  it('are in clear in no column of PostgreSQL that is not there for them', async () => {
    const grounds = await databaseGrounds(product.databaseUrl);
    const found = hunt(all(), grounds).filter(
      ({ where, canary }) => !inClear.has(`${where} ${canary.replace(/^\w+ /, '')}`),
    );
    expect(found).toEqual([]);
  });

  it('of a secret are not even in the errors that its own tenant gets', () => {
    for (const { answers, canaries } of tenants) {
      const { chemin: _, motOpco: __, ...never } = canaries;
      expect(
        hunt(
          never,
          answers.filter(({ status }) => status >= 400),
        ),
      ).toEqual([]);
      expect(answers.filter(({ status }) => status >= 400).length).toBeGreaterThan(10);
    }
  });
});
