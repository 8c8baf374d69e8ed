import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import pg from 'pg';
import { startOpcovia, type RunningOpcovia } from '../../src/app.start.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { WebhookReceiver } from '../../src/dev/demo/receiver.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import { Database } from '../../src/platform/database/database.js';
import { Reencryption } from '../../src/tenancy/reencryption.js';
import { ask, eventually, startProduct, type Asked, type Product } from '../support/product.js';

const [k1, k2] = ['k1', 'k2'].map((id) => `${id}:${randomBytes(32).toString('hex')}`);

describe('a rotation of the key ring', () => {
  const receiver = new WebhookReceiver();
  const logs = new PassThrough().resume();
  let product: Product;
  let variables: Readonly<Record<string, string>>;
  let key: string;
  let current: RunningOpcovia;
  let first: Asked;

  beforeAll(async () => {
    const port = await receiver.listen();
    const networks = `127.0.0.1/32:${port}`;
    // The new key is known everywhere before it seals anywhere. This instance takes requests and runs nothing.
    product = await startProduct({
      OPCOVIA_KEYRING: `${k1},${k2}`,
      OPCOVIA_ROLES: 'api',
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: networks,
    });
    variables = {
      NODE_ENV: 'test',
      DATABASE_URL: product.databaseUrl,
      REDIS_URL: product.redisUrl,
      OPCOVIA_SANDBOX_URL: product.sandbox.url,
      OPCOVIA_API_PORT: '0',
      OPCOVIA_STAFF_PORT: '0',
      OPCOVIA_TICK_MS: '50',
      OPCOVIA_DISPATCH_INTERVAL_MS: '50',
      OPCOVIA_POLL_INTERVAL_SECONDS: '0.3',
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: networks,
    };
    key = await product.newTenant('CFA');
    const url = `http://127.0.0.1:${port}/`;
    const webhook = await product.ask(key, 'POST', '/webhooks', { body: { url, events: ['job.completed'] } });
    receiver.trust(webhook.body.secret);
    first = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 100 }) } });
    expect([webhook.status, first.status]).toEqual([201, 202]);
  });

  afterAll(async () => {
    await current.stop();
    receiver.close();
    await product.stop();
  });

  const start = (keyring: string | undefined) =>
    startOpcovia(readEnv({ ...variables, OPCOVIA_KEYRING: keyring }), { logTo: logs });
  const of = (instance: RunningOpcovia, method: string, path: string, body?: unknown) =>
    ask(`${instance.apiUrl}${path}`, { method, apiKey: key, body });
  const ready = (instance: RunningOpcovia) => ask(`${instance.staffUrl}/health/ready`, { method: 'GET' });
  const completed = (instance: RunningOpcovia, ticket: Asked) =>
    eventually(
      () => of(instance, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
  const deposit = (instance: RunningOpcovia, rank: number) =>
    of(instance, 'POST', '/akto/dossiers', { cerfa: exampleCerfa({ rank }) });

  /** How many stored values each key of the ring seals. */
  async function references(): Promise<Record<string, number>> {
    const client = new pg.Client({ connectionString: product.databaseUrl });
    await client.connect();
    await client.query('SET ROLE opcovia_system');
    const { rows } = await client.query<{ id: string; n: number }>(
      `SELECT split_part(sealed, '.', 2) AS id, count(*)::int AS n FROM (
         SELECT wrapped AS sealed FROM data_keys UNION ALL SELECT sealed_secret FROM opco_clients
         UNION ALL SELECT sealed_secret FROM webhooks) AS all_of_them GROUP BY 1`,
    );
    await client.end();
    return Object.fromEntries(rows.map(({ id, n }) => [id, n]));
  }

  it('begins with the new key in front: what the old one sealed is read, what is new is sealed by the new one', async () => {
    expect(Object.keys(await references())).toEqual(['k1']);
    current = await start(`${k2},${k1}`);
    expect((await completed(current, first)).body.result.numeroInterne).toEqual(expect.any(String));
    const told = await receiver.next(({ event }) => event === 'job.completed');
    expect(told).toMatchObject({ verified: true, data: { jobId: first.body.jobId } });
    await completed(current, await deposit(current, 101));
    expect((await references())['k2']).toBeGreaterThan(0);
    expect((await ready(current)).status).toBe(200);
    // An instance that was not restarted yet reads what the new key sealed.
    expect((await product.ask(key, 'GET', first.body.statusUrl)).body.status).toBe('completed');
  });

  it('takes the old key out of use while deposits run', async () => {
    const { k1: ofTheOldKey } = await references();
    const reencryption = new Reencryption({
      database: current.api.get(Database),
      ring: KeyRing.parse(`${k2},${k1}`),
      audit: new AuditTrail(),
      batch: 3,
      onProgress: () => undefined,
      onUnopened: () => undefined,
    });
    const deposits = Promise.all(Array.from({ length: 12 }, (_, rank) => deposit(current, 200 + rank)));
    const report = await reencryption.run();
    expect(report).toEqual({ reencrypted: ofTheOldKey, unopened: 0, left: 0 });
    for (const ticket of await deposits) expect((await completed(current, ticket)).body.outcome).toBe('applied');
    expect(Object.keys(await references())).toEqual(['k2']);
  });

  it('ends without the old key: jobs, webhooks, credentials and calls to the OPCO go on', async () => {
    await current.stop();
    current = await start(k2);
    expect((await ready(current)).status).toBe(200);
    expect((await completed(current, first)).body.result.numeroInterne).toEqual(expect.any(String));
    const ticket = await deposit(current, 300);
    expect((await completed(current, ticket)).body.outcome).toBe('applied');
    const told = await receiver.next(({ data }) => data['jobId'] === ticket.body.jobId);
    expect(told.verified).toBe(true);
    expect((await of(current, 'GET', '/akto/dossiers/etats')).status).toBe(200);
    expect((await of(current, 'GET', '/akto/credentials')).body.indice).toMatch(/^••••/);
  });

  it('is not ready where the key in use is missing, and says which; does not start on a wrong one', async () => {
    const old = await start(k1);
    try {
      const report = await ready(old);
      expect(report.status).toBe(503);
      expect(JSON.stringify(report.body)).toContain('lacks a key that still seals stored values: k2');
    } finally {
      await old.stop();
    }
    await expect(start(`k2:${randomBytes(32).toString('hex')}`)).rejects.toThrow(
      'the key k2 is not the one that sealed the data of this database',
    );
  });
});
