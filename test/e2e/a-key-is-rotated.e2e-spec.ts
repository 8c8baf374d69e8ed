import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { startOpcovia, type RunningOpcovia } from '../../src/app.start.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { ask, eventually, startProduct, type Asked, type Product } from '../support/product.js';

describe('the keys of a CFA', () => {
  const keyring = `k1:${randomBytes(32).toString('hex')}`;
  let product: Product;
  /** A second process on the same PostgreSQL and Redis. */
  let second: RunningOpcovia;

  beforeAll(async () => {
    product = await startProduct({ OPCOVIA_KEYRING: keyring });
    second = await startOpcovia(
      readEnv({
        NODE_ENV: 'test',
        DATABASE_URL: product.databaseUrl,
        REDIS_URL: product.redisUrl,
        OPCOVIA_KEYRING: keyring,
        OPCOVIA_SANDBOX_URL: product.sandbox.url,
        OPCOVIA_ROLES: 'api',
        OPCOVIA_API_PORT: '0',
        OPCOVIA_STAFF_PORT: '0',
        OPCOVIA_LOG_LEVEL: 'silent',
      }),
    );
  });

  afterAll(async () => {
    await second.stop();
    await product.stop();
  });

  const there = (apiKey: string | undefined, path = '/me', headers: Record<string, string> = {}) =>
    ask(`${second.apiUrl}${path}`, { method: 'GET', apiKey, headers });

  async function rows(statement: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: product.databaseUrl, options: '-c role=opcovia_system' });
    await client.connect();
    return client
      .query(statement, values)
      .then((result) => result.rows as Record<string, unknown>[])
      .finally(() => client.end());
  }

  it('are rotated with an overlap: jobs, webhooks and idempotency keys stay, and the old key dies at its time', async () => {
    const old = await product.newTenant('CFA en rotation');
    const body = { cerfa: exampleCerfa() };
    const headers = { 'idempotency-key': 'avant-rotation' };
    const ticket = await product.ask(old, 'POST', '/akto/dossiers', { body, headers });
    const webhook = await product.ask(old, 'POST', '/webhooks', {
      body: { url: 'https://cfa.example.org/hook', events: ['job.completed'] },
    });
    const me = await product.ask(old, 'GET', '/me');
    expect(me.body).toMatchObject({
      nom: 'CFA en rotation',
      environment: 'test',
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(me.body.keys).toEqual([
      expect.objectContaining({ current: true, prefix: old.slice(0, 13), expiresAt: null }),
    ]);
    expect(me.headers.get('cache-control')).toBe('private, no-store');

    const made = await product.ask(old, 'POST', '/me/keys', {
      body: { label: 'Rotation', retireCurrentAfterSeconds: 60 },
    });
    expect([made.status, made.headers.get('location')]).toEqual([201, `/me/keys/${made.body.id}`]);
    expect(made.body.retired).toEqual({ id: me.body.keys[0].id, expiresAt: expect.any(String) });
    const fresh: string = made.body.key;
    for (const key of [old, fresh]) {
      expect([(await product.ask(key, 'GET', '/me')).status, (await there(key)).status]).toEqual([200, 200]);
    }
    const again = await product.ask(fresh, 'POST', '/akto/dossiers', { body, headers });
    expect([again.status, again.body.jobId, again.body.status]).toEqual([200, ticket.body.jobId, 'duplicate']);
    await eventually(
      () => product.ask(fresh, 'GET', ticket.body.statusUrl),
      (job) => job.body.status === 'completed',
    );
    expect((await there(fresh, `/webhooks/${webhook.body.id}`)).status).toBe(200);
    const events = await eventually(
      () => product.ask(fresh, 'GET', '/events?types=job.completed'),
      ({ body: { data } }) => data.length > 0,
    );
    expect(events.body.data).toHaveLength(1);

    await rows(`UPDATE api_keys SET expires_at = now() + interval '1 second' WHERE id = $1`, [me.body.keys[0].id]);
    for (const look of [() => product.ask(old, 'GET', '/me'), () => there(old)]) {
      await eventually(look, ({ status }) => status === 403, 9000);
    }
    const after = await there(fresh);
    expect(after.body.keys.find(({ current }: { current: boolean }) => current).id).toBe(made.body.id);
    expect([...product.logged().matchAll(new RegExp(`${old}|${fresh}`, 'g'))]).toEqual([]);
  });

  it('are refused in every process within two seconds of their revocation, under load, and enter nowhere after that', async () => {
    const key = await product.newTenant('CFA compromis');
    const safe = (await product.ask(key, 'POST', '/me/keys', { body: { label: 'sûre' } })).body.key;
    const { keys } = (await product.ask(safe, 'GET', '/me')).body;
    const stolen = keys.find(({ current }: { current: boolean }) => !current).id;
    let on = true;
    const load = [product.opcovia.apiUrl, second.apiUrl].map(async (url) => {
      const statuses: number[] = [];
      // Until it has seen the refusal itself: the others may be told before its next request.
      while (on || !statuses.includes(403))
        statuses.push((await ask(`${url}/me`, { method: 'GET', apiKey: key })).status);
      return statuses;
    });
    await eventually(
      () => there(key),
      ({ status }) => status === 200,
    );
    expect((await ask(`${product.opcovia.apiUrl}/me/keys/${stolen}`, { method: 'DELETE', apiKey: safe })).status).toBe(
      204,
    );
    const refusedAt = Date.now() + 2000;
    for (const look of [() => there(key), () => product.ask(key, 'GET', '/me')]) {
      await eventually(look, ({ status }) => status === 403, refusedAt - Date.now());
    }
    await eventually(
      () => there(key),
      ({ status }) => status === 403,
    );
    on = false;
    for (const statuses of await Promise.all(load)) {
      expect(statuses[0]).toBe(200);
      expect(statuses).toContain(403);
      expect([...new Set(statuses.slice(statuses.indexOf(403)))]).toEqual([403]);
    }
  });

  it('made a moment ago enter in every process, though it was refused there just before', async () => {
    const key = makeApiKey('test');
    expect([(await product.ask(key, 'GET', '/me')).status, (await there(key)).status]).toEqual([403, 403]);
    await product.opcovia.api
      .get(TenantsRepository)
      .create({ nom: 'Importé', environment: 'test', importedKey: key, actor: 'cli' });
    for (const look of [() => product.ask(key, 'GET', '/me'), () => there(key)]) {
      await eventually(look, ({ status }) => status === 200, 8000);
    }
  });

  it('cannot be reached by another CFA, nor the last one be lost', async () => {
    const [anna, boris] = [await product.newTenant('CFA Anna'), await product.newTenant('CFA Boris')];
    const foreign = (await product.ask(boris, 'GET', '/me')).body.keys[0].id;
    const strip = ({ status, body: { requestId: _, instance: __, ...rest } }: Asked) =>
      JSON.stringify({ status, rest });
    const answers = await Promise.all(
      [foreign, randomUUID(), 'no-id'].map((id) => product.ask(anna, 'DELETE', `/me/keys/${id}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(strip(answers[0] as Asked)).toBe(strip(answers[1] as Asked));
    const own = (await product.ask(anna, 'GET', '/me')).body.keys[0].id;
    const last = await product.ask(anna, 'DELETE', `/me/keys/${own}`);
    expect([last.status, last.body.code, last.body.detail]).toEqual([
      409,
      'CONFLICT',
      expect.stringContaining('POST /me/keys'),
    ]);
    for (const body of [
      {},
      { label: ' ' },
      { label: 'a', importedKey: makeApiKey('test') },
      { label: 'a', retireCurrentAfterSeconds: 1 },
    ]) {
      expect((await product.ask(anna, 'POST', '/me/keys', { body })).status).toBe(400);
    }
  });
});
