import { setTimeout as pause } from 'node:timers/promises';
import { open } from '../support/raw-http.js';
import { readRateLimitList } from '../support/rate-limit-list.js';
import { startProduct, type Asked, type Product } from '../support/product.js';

const perKey = 30;

/** The members of a field about the limits, by policy. */
function limitsIn({ headers }: Asked, field: 'ratelimit' | 'ratelimit-policy'): Record<string, Record<string, number>> {
  const list = readRateLimitList(headers.get(field) ?? '');
  return Object.fromEntries(list.map(({ name, parameters }) => [name, parameters]));
}

describe('the limit of a CFA', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_TENANT_REQUESTS_PER_MINUTE: '60',
      OPCOVIA_KEY_REQUESTS_PER_MINUTE: String(perKey),
    });
  });

  afterAll(() => product.stop());

  const exhaust = async (key: string) => {
    const answers: Asked[] = [];
    while (answers.at(-1)?.status !== 429 && answers.length < 2 * perKey) {
      answers.push(await product.ask(key, 'GET', '/webhooks'));
    }
    return answers;
  };

  it('is told in every answer to a CFA, whatever its status', async () => {
    const key = await product.newTenant('CFA informé');
    const read = await product.ask(key, 'GET', '/akto/dossiers/etats');
    const etag = read.headers.get('etag') ?? '';
    const answers = [
      read,
      await product.ask(key, 'GET', '/akto/dossiers/etats', { headers: { 'if-none-match': etag } }),
      await product.ask(key, 'POST', '/webhooks', { body: '{' }),
      await product.ask(key, 'GET', '/nowhere/at/all'),
      await product.ask(key, 'DELETE', '/akto/documents'),
      await product.ask(key, 'GET', '/no-opco/status'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 304, 400, 404, 405, 404]);
    for (const [index, answer] of answers.entries()) {
      expect(limitsIn(answer, 'ratelimit-policy')).toEqual({ tenant: { q: 60, w: 60 }, key: { q: perKey, w: 60 } });
      const { tenant, key: ofKey } = limitsIn(answer, 'ratelimit');
      expect(tenant?.['r']).toBeGreaterThanOrEqual(60 - 1 - index);
      expect(ofKey?.['r']).toBeGreaterThanOrEqual(perKey - 1 - index);
    }
  });

  it('counts nothing for strangers, health and documentation', async () => {
    const paths = ['/health', '/health/ready', '/doc'];
    const answers = await Promise.all([
      ...paths.map((path) => product.ask(undefined, 'GET', path)),
      product.ask(undefined, 'GET', '/webhooks'),
      product.ask('opv_test_unknown_unknown_unknown_unknown', 'GET', '/webhooks'),
    ]);
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual(answers.map(() => null));
    const key = await product.newTenant('CFA qui lit la documentation');
    for (let n = 0; n < 2 * perKey; n += 1) expect((await product.ask(key, 'GET', '/health')).status).toBe(200);
    expect((await product.ask(key, 'GET', '/webhooks')).status).toBe(200);
  });

  it('is a 429 with a true Retry-After: after exactly that long the CFA is let in again', async () => {
    const key = await product.newTenant('CFA pressé');
    const answers = await exhaust(key);
    const refusal = answers.at(-1);
    const admitted = answers.slice(0, -1);
    expect(admitted.length).toBeGreaterThanOrEqual(perKey);
    const left = answers.map((answer) => limitsIn(answer, 'ratelimit')['key']?.['r'] ?? NaN);
    expect(Math.min(...left)).toBe(0);
    expect(left.every((r, index) => index === 0 || r >= (left[index - 1] ?? 0) - 1)).toBe(true);
    expect(refusal?.body).toMatchObject({
      status: 429,
      code: 'RATE_LIMITED',
      detail: expect.stringContaining(`Cette clé d'accès a épuisé sa limite : ${perKey} requêtes par minute.`),
    });
    expect(refusal?.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const wait = Number(refusal?.headers.get('retry-after'));
    expect([1, 2]).toContain(wait);
    for (const { t } of Object.values(limitsIn(refusal as Asked, 'ratelimit'))) expect(t).toBeLessThanOrEqual(wait);
    await pause(wait * 1000);
    expect((await product.ask(key, 'GET', '/webhooks')).status).toBe(200);
  });

  it('is its own: another CFA is let in meanwhile', async () => {
    await exhaust(await product.newTenant('CFA voisin bruyant'));
    const quiet = await product.ask(await product.newTenant('CFA calme'), 'GET', '/webhooks');
    expect(limitsIn(quiet, 'ratelimit')['key']?.['r']).toBe(perKey - 1);
  });

  it('refuses before a body is read, and the connection stays usable', async () => {
    const key = await product.newTenant('CFA qui dépose trop');
    await exhaust(key);
    const socket = open(product.opcovia.apiUrl ?? '');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    const fields = `Host: a\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n`;
    socket.write(
      `POST /akto/dossiers HTTP/1.1\r\n${fields}\r\nnot json!GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    await new Promise((closed) => socket.once('close', closed));
    expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)).toEqual(['429', '200']);
  });

  it('is counted by kind, and names no CFA', async () => {
    await exhaust(await product.newTenant('CFA compté'));
    const metrics = await (await fetch(`${product.opcovia.staffUrl}/metrics`)).text();
    const lines = metrics.split('\n').filter((line) => line.startsWith('opcovia_inbound_refusals_total{'));
    expect(lines.every((line) => /^opcovia_inbound_refusals_total\{kind="(key|tenant)"\} \d+$/.test(line))).toBe(true);
    expect(lines.some((line) => line.includes('kind="key"'))).toBe(true);
  });

  it('is documented at every route with a key, and at no other', async () => {
    const { body } = await product.ask(undefined, 'GET', '/doc');
    const operations = Object.values<Record<string, never>>(body.paths).flatMap((path) => Object.values<never>(path));
    const wrong = operations.filter((operation: { security: unknown[]; responses: Record<string, Documented> }) => {
      const refusal = operation.responses['429'];
      if (operation.security.length === 0) return refusal !== undefined;
      return ['RateLimit', 'RateLimit-Policy', 'Retry-After'].some((name) => !refusal?.headers?.[name]);
    });
    expect(operations.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
    expect(Object.keys(body.components.headers)).toEqual(
      expect.arrayContaining(['RateLimit', 'RateLimit-Policy', 'Retry-After']),
    );
  });
});

interface Documented {
  readonly headers?: Record<string, unknown>;
}
