import pg from 'pg';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { catalogue, type ErrorCode } from '../../src/core/errors.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { aStaffIssuer, type StaffIssuer } from '../support/a-staff-issuer.js';
import { askStaff } from '../support/ask-staff.js';
import { Link } from '../support/a-link.js';
import { type AskOptions, control, eventually, startProduct, type Product } from '../support/product.js';
import { open, readToEnd, sendRaw, type RawAnswer } from '../support/raw-http.js';
import { ofAsked, ofRaw, type Seen } from '../support/seen.js';

const connections = 40;

describe('every error of the catalogue', () => {
  let product: Product;
  let link: Link;
  let issuer: StaffIssuer;
  let key: string;
  let url: string;
  let slow: Promise<RawAnswer>;
  const seen = new Map<ErrorCode, Seen>();

  beforeAll(async () => {
    [issuer, link] = await Promise.all([aStaffIssuer(), Link.to(process.env.OPCOVIA_TEST_DATABASE_URL ?? '')]);
    product = await startProduct((databaseUrl) => ({
      DATABASE_APP_URL: Object.assign(new URL(link.url), { pathname: new URL(databaseUrl).pathname }).href,
      ...issuer.variables,
      OPCOVIA_CONNECTIONS: String(connections),
      OPCOVIA_HEADERS_TIMEOUT_SECONDS: '1',
      // A poll would meet the faults as well, and use them up.
      OPCOVIA_ROLES: 'api,worker,hub',
    }));
    key = await product.newTenant('CFA des erreurs');
    url = product.opcovia.apiUrl ?? '';
    slow = sendRaw(url, 'GET /health HTTP/1.1\r\nHost: a\r\nX-Sl');
  });

  afterAll(async () => {
    link.mend();
    await product.stop();
    link.close();
    issuer.forget();
  });

  const ask = async (method: string, path: string, options?: AskOptions): Promise<Seen> =>
    ofAsked(await product.ask(key, method, path, options));
  const asStaff = async (token?: string): Promise<Seen> =>
    ofAsked(await askStaff(product.opcovia, token, ['DELETE', '/admin/limits/akto/test/override']));
  const raw = async (bytes: string): Promise<Seen> => ofRaw(await sendRaw(url, bytes.replaceAll('{key}', key)));
  const fault = (of: object) => control(product.sandbox, '/_sandbox/faults', of);
  const asOwner = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: product.databaseUrl });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const cerfa = exampleCerfa({ rank: 1 });
  const get = 'GET /webhooks HTTP/1.1\r\nX-API-KEY: {key}\r\n';
  const read = (opcoId: string) =>
    ask('GET', `/${opcoId}/dossiers/etats`, { headers: { 'cache-control': 'no-cache' } });

  async function afterFault(opcoId: string, of: object): Promise<Seen> {
    await fault({ opcoId, path: '/v*', method: 'GET', ...of });
    try {
      return await read(opcoId);
    } finally {
      await fetch(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    }
  }

  async function conflict(): Promise<Seen> {
    const { body } = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 7 }) } });
    await eventually(
      () => product.ask(key, 'GET', body.statusUrl),
      ({ body: job }) => job.status === 'completed',
    );
    return ask('POST', `${body.statusUrl}/cancel`);
  }

  async function mismatch(): Promise<Seen> {
    const headers = { 'idempotency-key': 'une-cle' };
    await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 8 }) }, headers });
    return ask('POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 9 }) }, headers });
  }

  async function brokenInside(): Promise<Seen> {
    await asOwner('ALTER TABLE webhooks RENAME TO webhooks_elsewhere');
    try {
      return await ask('GET', '/webhooks');
    } finally {
      await asOwner('ALTER TABLE webhooks_elsewhere RENAME TO webhooks');
    }
  }

  async function withoutCredentials(): Promise<Seen> {
    await product.ask(key, 'DELETE', '/afdas/credentials');
    return read('afdas');
  }

  async function withoutHost(): Promise<Seen> {
    const tenants = product.opcovia.api.get(TenantsRepository);
    const live = await tenants.create({ nom: 'CFA réel', environment: 'live', actor: 'cli' });
    return ofAsked(await product.ask(live.key, 'GET', '/akto/dossiers/etats'));
  }

  async function withoutDatabase(): Promise<Seen> {
    link.cut();
    try {
      return await ask('GET', '/webhooks');
    } finally {
      link.mend();
    }
  }

  async function oneConnectionTooMany(): Promise<Seen> {
    const sockets = Array.from({ length: connections }, () => open(url));
    const extra = await Promise.race(sockets.map((socket) => readToEnd(socket)));
    for (const socket of sockets) socket.destroy();
    return ofRaw(extra);
  }

  async function slowOpco(): Promise<Seen> {
    await fault({ opcoId: 'opco-ep', path: '/v*', kind: 'latency', ms: 20_000 });
    try {
      return await read('opco-ep');
    } finally {
      await fetch(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    }
  }

  const provoke: Readonly<Record<ErrorCode, () => Promise<Seen>>> = {
    VALIDATION_ERROR: () => ask('POST', '/akto/dossiers', { body: { cerfa: { ...cerfa, 'a~b/c': 'x' } } }),
    IDEMPOTENCY_KEY_INVALID: () =>
      ask('POST', '/akto/dossiers', { body: { cerfa }, headers: { 'idempotency-key': 'é' } }),
    MALFORMED_REQUEST: () => raw(`${get}Host: a\r\nHost: b\r\n\r\n`),
    STAFF_TOKEN_REFUSED: () => asStaff(),
    HTTP_ERROR: async () => ofAsked(await product.ask('opv_test_unknown-unknown-unknown', 'GET', '/akto/dossiers')),
    STAFF_ROLE_MISSING: async () => asStaff(await issuer.token('viewer')),
    NOT_FOUND: () => ask('GET', '/nulle-part?XAPIKEY=secret-of-a-query'),
    UNKNOWN_OPCO: () => ask('GET', '/opco-inconnu/jobs'),
    METHOD_NOT_ALLOWED: () => ask('PUT', '/akto/dossiers'),
    NOT_ACCEPTABLE: () => ask('GET', '/webhooks', { headers: { accept: 'text/html' } }),
    REQUEST_TIMEOUT: async () => ofRaw(await slow),
    CONFLICT: conflict,
    PAYLOAD_TOO_LARGE: () => ask('POST', '/webhooks', { body: `"${'a'.repeat(110 * 1024)}"` }),
    UNSUPPORTED_MEDIA_TYPE: () => ask('POST', '/webhooks', { body: 'a=b', headers: { 'content-type': 'text/plain' } }),
    EXPECTATION_FAILED: () => raw(`${get}Host: a\r\nExpect: 200-ok\r\n\r\n`),
    IDEMPOTENCY_MISMATCH: mismatch,
    BUSINESS_RULE: () =>
      ask('POST', '/akto/dossiers', {
        body: { cerfa: { ...cerfa, contrat: { ...cerfa.contrat, dateConclusion: '2019-12-31' } } },
      }),
    UPSTREAM_REJECTED: () =>
      afterFault('akto', { kind: 'status', status: 422, body: { code: 'E1', description: 'Refusé' } }),
    RATE_LIMITED: () => afterFault('akto', { kind: 'status', status: 429, retryAfterSeconds: 2 }),
    HEADERS_TOO_LARGE: () => raw(`${get}Host: a\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`),
    INTERNAL_ERROR: brokenInside,
    NOT_SUPPORTED: () => ask('GET', '/afdas/factures/etats'),
    UPSTREAM_AUTH: withoutCredentials,
    UPSTREAM_INVALID: () => afterFault('opco-ep', { kind: 'status', status: 200, body: { no: 'list' } }),
    UPSTREAM_ERROR: () =>
      afterFault('opco-ep', { kind: 'status', status: 500, body: { message: 'Incident technique' } }),
    UPSTREAM_UNAVAILABLE: withoutHost,
    OVERLOADED: oneConnectionTooMany,
    SERVICE_UNAVAILABLE: withoutDatabase,
    UPSTREAM_TIMEOUT: slowOpco,
  };

  it.each(Object.keys(catalogue) as ErrorCode[])(
    '%s comes as the problem that the catalogue promises',
    async (code) => {
      const answer = await provoke[code]();
      seen.set(code, answer);
      expect(JSON.parse(answer.text)).toMatchObject({ code });
      const { status, title } = catalogue[code];
      const problem = JSON.parse(answer.text) as Record<string, unknown>;
      expect([answer.status, answer.header('content-type')]).toEqual([
        status,
        'application/problem+json; charset=utf-8',
      ]);
      expect(problem).toMatchObject({ status, title, type: `urn:opcovia:erreur:${code}` });
      expect(problem['requestId']).toBe(answer.header('x-request-id'));
      expect(Object.keys(problem).filter((name) => !members.includes(name))).toEqual([]);
      expect(problem['instance']).toMatch(/^\/[^?#]*$/);
      expect(problem['detail']).toMatch(/^\p{Lu}.*\.$/su);
      expect(answer.header('cache-control')).toBe('private, no-store');
      expect(answer.text).not.toMatch(inside);
      const wait = answer.header('retry-after');
      if (status === 429 || status === 503) expect(wait).toMatch(/^[1-9]\d*$/);
    },
  );

  it('repeats no query, and nothing of the host that was asked for', () => {
    expect(seen.get('NOT_FOUND')?.text).not.toContain('secret');
    expect(JSON.parse(seen.get('NOT_FOUND')?.text ?? '{}')).toMatchObject({ instance: '/nulle-part' });
  });

  it('names 405 with what is allowed', () => {
    expect(seen.get('METHOD_NOT_ALLOWED')?.header('allow')).toBe('GET, HEAD, POST');
  });

  it('points at what is wrong as RFC 6901 writes it, into the body and into the query', async () => {
    const pointers = (answer: Seen | undefined) =>
      (JSON.parse(answer?.text ?? '{}') as { errors?: { pointer: string }[] }).errors?.map(({ pointer }) => pointer);
    expect(pointers(seen.get('VALIDATION_ERROR'))).toEqual(['/cerfa/a~0b~1c']);
    expect(pointers(seen.get('BUSINESS_RULE'))).toEqual(['/cerfa/contrat/dateConclusion']);
    const webhook = { url: 'https://cfa.example.org/x', events: ['job.completed', 'job.nothing'] };
    expect(pointers(await ask('POST', '/webhooks', { body: webhook }))).toEqual(['/events/1']);
    expect(pointers(await ask('GET', '/akto/jobs?limit=none'))).toEqual(['/query/limit']);
  });

  it('is true about when to come back: the OPCO that said 2 s answers after them', async () => {
    const limited = seen.get('RATE_LIMITED');
    expect(limited?.header('retry-after')).toBe('2');
    await eventually(
      () => read('akto'),
      ({ status }) => status === 200,
      10_000,
    );
  });

  it('is true about when to come back: after the outage of the database the same call succeeds', async () => {
    const seconds = Number(seen.get('SERVICE_UNAVAILABLE')?.header('retry-after'));
    await eventually(
      () => ask('GET', '/webhooks'),
      ({ status }) => status === 200,
      seconds * 1000,
    );
  });

  it('is true about when to come back: a breaker lets calls through again when it said so', async () => {
    await fault({ opcoId: 'opco-ep', path: '/v*', kind: 'status', status: 500 });
    const refused = await eventually(
      () => read('opco-ep'),
      ({ status }) => status === 503,
    );
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await fetch(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    await eventually(
      () => read('opco-ep'),
      ({ status }) => status === 200,
      Number(refused.header('retry-after')) * 1000 + 1000,
    );
  });
});

const members = ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId', 'errors', 'upstream'];

/** What tells of the inside: places of code, SQL, class names, addresses of servers. */
const inside =
  /\bat \S+:\d+|node_modules|\.[jt]s\b|\bSELECT\b|\brelation\b|SQLSTATE|Error:|Exception|127\.0\.0\.1|localhost|\/srv\//;
