import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startOpcovia, type RunningOpcovia } from '../../src/app.start.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { ask, eventually, startProduct, type Product } from '../support/product.js';
import { sendRaw } from '../support/raw-http.js';

describe('keys that may not enter', () => {
  const keyring = `k1:${randomBytes(32).toString('hex')}`;
  let product: Product;
  /** A second process on the same PostgreSQL and Redis, behind a proxy on this machine, with little patience for strangers. */
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
        OPCOVIA_TRUSTED_PROXIES: '127.0.0.0/8',
        OPCOVIA_UNKNOWN_KEYS_PER_MINUTE: '1',
        OPCOVIA_UNKNOWN_KEYS_BURST: '3',
      }),
    );
  });

  afterAll(() => product.stop());

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

  it('are refused with one and the same answer, whatever is wrong with them', async () => {
    const key = await product.newTenant('CFA refusé');
    const [revoked, expired] = await Promise.all(
      ['révoquée', 'échue'].map(
        async (label) => (await product.ask(key, 'POST', '/me/keys', { body: { label } })).body,
      ),
    );
    await product.ask(key, 'DELETE', `/me/keys/${revoked.id}`);
    await rows(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [expired.id]);
    const suspended = await product.newTenant('CFA suspendu');
    await rows(`UPDATE tenants SET suspended_at = now() WHERE nom = 'CFA suspendu'`);
    await eventually(
      () => product.ask(suspended, 'GET', '/me'),
      ({ status }) => status === 403,
      // Before what is remembered of a key would be looked at again anyway.
      8000,
    );
    const presented = [
      '',
      'short',
      `${key},${key}`,
      `${key} ${key}`,
      makeApiKey('test'),
      revoked.key,
      expired.key,
      suspended,
    ];
    const lines = [
      '',
      ...presented.map((each) => `X-API-KEY: ${each}\r\n`),
      `X-API-KEY: ${key}\r\nX-API-KEY: ${key}\r\n`,
    ];
    const answers = await Promise.all(
      lines.map((line) =>
        sendRaw(
          product.opcovia.apiUrl ?? '',
          `GET /me HTTP/1.1\r\nHost: a\r\nX-Request-Id: same\r\nConnection: close\r\n${line}\r\n`,
        ),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(lines.map(() => 403));
    const faces = answers.map(({ head, problem }) => head.replace(/^date:.*$/im, '') + JSON.stringify(problem));
    expect(new Set(faces).size).toBe(1);
    expect(answers[0]?.problem).toMatchObject({
      code: 'HTTP_ERROR',
      detail: "Clé d'accès absente, inconnue ou expirée.",
    });
  });

  it('that nobody knows are looked up for one address a few times, then it is told to wait; known keys enter all the same', async () => {
    const key = await product.newTenant('CFA voisin');
    const from = (address: string, apiKey?: string) => there(apiKey, '/me', { 'x-forwarded-for': address });
    expect((await from('203.0.113.9', key)).status).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await from('203.0.113.9', makeApiKey('test'))).status);
    expect(statuses).toEqual([403, 403, 403, 429, 429]);
    const limited = await from('203.0.113.9', makeApiKey('test'));
    expect([limited.body.code, Number(limited.headers.get('retry-after'))]).toEqual([
      'RATE_LIMITED',
      expect.any(Number),
    ]);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(10);
    expect((await from('203.0.113.9', key)).status).toBe(200);
    expect((await from('203.0.113.9')).status).toBe(403);
    expect((await from('203.0.113.10', makeApiKey('test'))).status).toBe(403);
    for (const host of ['a', 'b', 'c', 'd'])
      statuses.push((await from(`2001:db8:0:7::${host}`, makeApiKey('test'))).status);
    expect(statuses.slice(5)).toEqual([403, 403, 403, 429]);
    expect((await from('2001:db8:0:8::a', makeApiKey('test'))).status).toBe(403);
    // What the caller wrote itself stands to the left of what the proxy saw.
    expect((await from('198.51.100.1, 203.0.113.9', makeApiKey('test'))).status).toBe(429);
  });

  it('are limited by the connection where no proxy is trusted, whatever X-Forwarded-For says', async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 40 && !statuses.has(429); i++) {
      const headers = { 'x-forwarded-for': `198.51.100.${i}` };
      statuses.add(
        (await ask(`${product.opcovia.apiUrl}/me`, { method: 'GET', apiKey: makeApiKey('test'), headers })).status,
      );
    }
    expect(statuses).toEqual(new Set([403, 429]));
  });

  it('and their refusals are written down by network and reason, without a key or a hash', async () => {
    await second.stop();
    const written = await rows(
      `SELECT host(network(source)) AS source, details ->> 'reason' AS reason, sum((details ->> 'count')::int)::int AS count
       FROM audit_logs WHERE action = 'key.refused' GROUP BY 1, 2`,
    );
    expect(written).toEqual(
      expect.arrayContaining([
        { source: '203.0.113.0', reason: 'unknown', count: 4 },
        { source: '203.0.113.0', reason: 'limited', count: 4 },
        { source: '203.0.113.0', reason: 'missing', count: 1 },
        { source: '2001:db8::', reason: 'unknown', count: 4 },
        { source: '2001:db8::', reason: 'limited', count: 1 },
      ]),
    );
    const raw = await rows(`SELECT * FROM audit_logs WHERE action = 'key.refused'`);
    expect(JSON.stringify(raw)).not.toMatch(/opv_|[0-9a-f]{16}/);
  });
});
