import { PlayedOpco } from '../support/a-played-opco.js';
import { startProduct, type Product } from '../support/product.js';
import { sendRaw } from '../support/raw-http.js';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('header fields', () => {
  let product: Product;
  let key: string;
  let url: string;
  const opco = new PlayedOpco();

  beforeAll(async () => {
    const base = await opco.start();
    const address = { baseUrl: new URL('/base', base).href, tokenUrl: new URL('/token', base).href };
    product = await startProduct({
      OPCOVIA_UPSTREAMS: JSON.stringify({ akto: { test: address } }),
      OPCOVIA_POLL_INTERVAL_SECONDS: '86400',
    });
    key = await product.newTenant('CFA headers');
    url = product.opcovia.apiUrl ?? '';
    opco.answer = (_request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        connection: 'X-Bar, keep-alive',
        'x-bar': '1',
        'keep-alive': 'timeout=5',
        'set-cookie': ['session=stolen', 'b=c'],
        server: 'leak',
        'x-powered-by': 'leak',
        via: '1.1 leak',
        'x-request-id': 'theirs',
        'access-control-allow-origin': '*',
        'content-security-policy': 'leak',
        location: 'http://evil.example/',
        etag: '"theirs"',
        'proxy-authenticate': 'Basic',
        'strict-transport-security': 'max-age=1',
      });
      response.end(JSON.stringify({ status: 'healthy', supportedVersions: ['v1'], uptime: 1 }));
    };
  });

  afterAll(async () => {
    await product.stop();
    await opco.stop();
  });

  /** The header fields of the calls that a test caused: the first poll of a new tenant comes when it likes. */
  const statusCalls = () => opco.seen.filter((call) => call.url.endsWith('/status')).map(({ headers }) => headers);

  /** One read past every cache, with these fields; gives what came back and what the OPCO saw. */
  const ask = async (fields: string) => {
    opco.seen.length = 0;
    const request = `GET /akto/status HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nCache-Control: no-cache\r\n${fields}\r\n`;
    const answer = await sendRaw(url, Buffer.from(request, 'latin1'));
    return { ...answer, seen: statusCalls() };
  };

  it('of a client stay with us, all but the trace and the name of the request', async () => {
    const { status, seen } = await ask(
      [
        'Connection: X-Foo, close',
        'X-Foo: 1',
        'Proxy: http://evil.example',
        'Proxy-Authorization: Basic x',
        'TE: trailers',
        'Trailer: X-Late',
        'Keep-Alive: 5',
        'Upgrade: h2c',
        'Cookie: a=b',
        'Authorization: Bearer mine',
        'Forwarded: for=1.2.3.4',
        'X-Forwarded-For: 1.2.3.4',
        'X-Forwarded-Host: evil.example',
        'X-Real-IP: 1.2.3.4',
        'X-HTTP-Method-Override: DELETE',
        'X-Original-URL: /admin',
        'User-Agent: client',
        'Referer: http://evil.example',
        'Origin: http://evil.example',
        'Accept-Encoding: gzip',
        'Accept-Language: de',
        'DPoP: x',
        'EDITEUR: x',
        'Baggage: personal=data',
        'Tracestate: a=b',
        'If-None-Match: "theirs"',
        'X-CFA-KEY: another-key',
        `Traceparent: ${trace}`,
        'X-Request-Id: mine.1',
      ].join('\r\n') + '\r\n',
    );
    expect(status).toBe(200);
    const { host, authorization, 'x-api-key': cfaKey, ...others } = seen[0] ?? {};
    expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(authorization).toMatch(/^Bearer t\d+$/);
    expect(cfaKey).toMatch(/^cfa-[0-9a-f]{24}$/);
    expect(others).toEqual({
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'identity',
      editeur: 'Opcovia',
      logiciel: 'Opcovia',
      version: '0.1.0',
      traceparent: trace,
      'x-request-id': 'mine.1',
    });
    expect(seen).toHaveLength(1);
  });

  it('of an OPCO stay with us, all of them', async () => {
    const { head, status, text } = await ask('Connection: close\r\n');
    expect(status).toBe(200);
    expect(text).not.toMatch(/leak|stolen|theirs|evil/);
    const names = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':', 1)[0]?.toLowerCase() ?? '');
    const known =
      /^(cache-control|cache-status|connection|content-length|content-type|cross-origin-.*|date|etag|origin-agent-cluster|ratelimit|ratelimit-policy|referrer-policy|server-timing|x-content-type-options|x-dns-prefetch-control|x-download-options|x-frame-options|x-permitted-cross-domain-policies|x-request-id|x-xss-protection|vary|traceparent)$/;
    expect(names.filter((name) => !known.test(name))).toEqual([]);
    expect(head).toMatch(/^content-type: application\/json; charset=utf-8\r?$/im);
    expect(head).toMatch(/^x-content-type-options: nosniff\r?$/im);
    expect(head).toMatch(/^connection: close\r?$/im);
  });

  it.each([
    ['a blank', 'a b'],
    ['65 letters', 'x'.repeat(65)],
    ['letters beyond ASCII', 'caf\xe9'],
    ['nothing', ''],
    ['markup', '<b>'],
    ['an attempt at a line end', 'a%0d%0aX-Evil: 1'],
  ])('that name a request with %s are replaced, here and at the OPCO', async (_, given) => {
    const { head, seen } = await ask(`X-Request-Id: ${given}\r\nConnection: close\r\n`);
    const [, named] = /^x-request-id: (.*?)\r?$/im.exec(head) ?? [];
    expect(named).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen[0]?.['x-request-id']).toBe(named);
  });

  it('that name a request twice are replaced', async () => {
    const { head } = await ask('X-Request-Id: a\r\nX-Request-Id: b\r\nConnection: close\r\n');
    expect(head).toMatch(/^x-request-id: [0-9a-f-]{36}\r?$/im);
  });

  it.each([
    'garbage',
    `${trace}, ${trace}`,
    trace.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    'x'.repeat(9000),
  ])('with a trace that is none reach no OPCO: %s', async (given) => {
    const { seen } = await ask(`Traceparent: ${given}\r\nConnection: close\r\n`);
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toHaveProperty('traceparent');
  });

  it.each([
    ['application/xml', 406],
    ['text/html', 406],
    ['application/json;q=0, */*', 406],
    ['application/json', 200],
    ['text/html, */*;q=0.1', 200],
  ])('Accept: %s is answered %i', async (accept, expected) => {
    const { status, problem, seen } = await ask(`Accept: ${accept}\r\nConnection: close\r\n`);
    expect([status, seen.length]).toEqual([expected, expected === 200 ? 1 : 0]);
    if (expected === 406) expect(problem.code).toBe('NOT_ACCEPTABLE');
  });

  it('of CORS do not exist: a page of another origin may read nothing, and asks in vain', async () => {
    const origin = 'Origin: http://evil.example\r\nConnection: close\r\n';
    const preflight = `OPTIONS /akto/status HTTP/1.1\r\nHost: a\r\n${origin}Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-api-key\r\n\r\n`;
    const answers = [
      await ask(origin),
      await sendRaw(url, preflight),
      await sendRaw(url, preflight.replace('Host: a\r\n', `Host: a\r\nX-API-KEY: ${key}\r\n`)),
      await sendRaw(url, `GET /health HTTP/1.1\r\nHost: a\r\n${origin}\r\n`),
      await sendRaw(url, `GET /docs HTTP/1.1\r\nHost: a\r\n${origin}\r\n`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 405, 200, 200]);
    for (const { head } of answers) expect(head).not.toMatch(/^access-control-/im);
  });

  it('of HEAD are those of GET, and its body is none', async () => {
    const fields = 'Connection: close\r\n\r\n';
    for (const target of ['/webhooks', '/health', '/akto/jobs', '/akto/status']) {
      const line = `${target} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nX-Request-Id: same\r\n${fields}`;
      const [got, head] = [await sendRaw(url, `GET ${line}`), await sendRaw(url, `HEAD ${line}`)];
      const fixed = (text: string) => text.replace(/^(date|server-timing|ratelimit|age|cache-status): .*$/gim, '$1');
      expect(got.status).toBe(200);
      expect(fixed(head.text)).toBe(`${fixed(got.head)}\r\n\r\n`);
    }
  });

  it.each(['/akto/nothing/at/all', '/webhooks/1', '/akto/status?x=1', '/nope/status', '/%zz', '/health/x'])(
    'of a refusal at %s say that nobody may keep or guess it',
    async (target) => {
      const { head, status } = await sendRaw(
        url,
        `GET ${target} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nConnection: close\r\n\r\n`,
      );
      expect(status).toBeGreaterThanOrEqual(400);
      expect(head).toMatch(/^cache-control: private, no-store\r?$/im);
      expect(head).toMatch(/^x-content-type-options: nosniff\r?$/im);
      expect(head).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r?$/im);
      expect(head).not.toMatch(/^(server|x-powered-by):/im);
    },
  );
});
