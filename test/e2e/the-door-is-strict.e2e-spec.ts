import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { eventually, startProduct, type Product } from '../support/product.js';
import { open, sendRaw } from '../support/raw-http.js';

describe('the door for integrators', () => {
  let product: Product;
  let key: string;
  let url: string;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA strict');
    url = product.opcovia.apiUrl ?? '';
  });

  afterAll(() => product.stop());

  const raw = (bytes: string) => sendRaw(url, bytes.replaceAll('{key}', key));
  const deposit = (fields: string, body = '') =>
    raw(`POST /akto/dossiers HTTP/1.1\r\nX-API-KEY: {key}\r\n${fields}\r\n${body}`);
  const json = 'Host: a\r\nContent-Type: application/json\r\n';
  const close = 'Connection: close\r\n';

  describe('methods', () => {
    it.each([
      ['PUT', '/akto/dossiers', 'GET, HEAD, POST'],
      ['DELETE', '/akto/documents', 'POST'],
      ['POST', '/akto/dossiers/etats', 'GET, HEAD'],
      ['OPTIONS', '/health', 'GET, HEAD'],
    ])('answers to %s %s with 405 and what is allowed', async (method, path, allowed) => {
      const { status, headers, body } = await product.ask(key, method, path);
      expect([status, body.code, headers.get('allow')]).toEqual([405, 'METHOD_NOT_ALLOWED', allowed]);
    });

    it('tells a stranger nothing of them', async () => {
      const { status, headers } = await product.ask(undefined, 'PUT', '/akto/dossiers');
      expect([status, headers.get('allow')]).toEqual([403, null]);
    });

    it('answers to HEAD as to GET, without the body, and follows no override', async () => {
      const got = await product.ask(key, 'GET', '/webhooks', { headers: { 'x-http-method-override': 'DELETE' } });
      const head = await fetch(`${url}/webhooks`, { method: 'HEAD', headers: { 'x-api-key': key } });
      expect([got.status, head.status, await head.text()]).toEqual([200, 200, '']);
      expect(head.headers.get('content-length')).toBe(String(got.text.length));
    });
  });

  describe('bodies', () => {
    const send = (body: string | Buffer, headers: Record<string, string> = {}, path = '/akto/dossiers') =>
      fetch(`${url}${path}`, {
        method: 'POST',
        body: new Uint8Array(Buffer.from(body)),
        headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
      });
    const codeOf = async (response: Response) => {
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      return ((await response.json()) as { code: string }).code;
    };

    it.each([
      [{ 'content-type': 'text/plain' }],
      [{ 'content-type': 'application/x-www-form-urlencoded' }],
      [{ 'content-type': 'application/json; charset=utf-16' }],
      [{ 'content-encoding': 'gzip' }],
      [{ 'content-encoding': 'br' }],
    ])('are refused with %j', async (headers) => {
      expect(await codeOf(await send('{}', headers))).toBe('UNSUPPORTED_MEDIA_TYPE');
    });

    it('are refused without a type', async () => {
      expect((await deposit(`Host: a\r\n${close}Content-Length: 2\r\n`, '{}')).problem.code).toBe(
        'UNSUPPORTED_MEDIA_TYPE',
      );
    });

    it.each([
      '{"a":',
      '1',
      'null',
      '[]',
      '',
      '{}trailing',
      '{"cerfa":{},"cerfa":{}}',
      '{"__proto__":{"isAdmin":true}}',
    ])('are refused when they are %s', async (body) => {
      const response = await send(body);
      expect([response.status, await codeOf(response)]).toEqual([400, 'VALIDATION_ERROR']);
    });

    it('are refused when they are no UTF-8, or too deep', async () => {
      for (const body of [Buffer.from('{"a":"é"}', 'latin1'), '['.repeat(40_000) + ']'.repeat(40_000)]) {
        expect(await codeOf(await send(body))).toBe('VALIDATION_ERROR');
      }
    });

    it('of 100 kB are too large but for deposits, by length and while they are read', async () => {
      const large = `"${'a'.repeat(100 * 1024)}"`;
      expect(await codeOf(await send(large, {}, '/webhooks'))).toBe('PAYLOAD_TOO_LARGE');
      expect(await codeOf(await send(large))).toBe('VALIDATION_ERROR');
      const head = `POST /webhooks HTTP/1.1\r\nX-API-KEY: {key}\r\n${json}`;
      const chunk = `${large.length.toString(16)}\r\n${large}\r\n`;
      for (const request of [
        `${head}Content-Length: 200000\r\n\r\n`,
        `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`,
      ]) {
        const { status, problem } = await raw(request);
        expect([status, problem.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
      }
    });

    it('over 25 MiB are refused before they are sent, and one that is expected is let in', async () => {
      const tooLarge = await deposit(`${json}Expect: 100-continue\r\nContent-Length: ${26 * 1024 * 1024}\r\n`);
      expect([tooLarge.status, tooLarge.answers]).toEqual([413, 1]);
      const expected = await deposit(`${json}${close}Expect: 100-continue\r\nContent-Length: 2\r\n`, '{}');
      expect([expected.status, expected.answers]).toEqual([100, 2]);
    });

    it('of a stranger are never parsed, whatever the address looks like', async () => {
      for (const path of ['/docs/dossiers', '/doc/dossiers', '/docs']) {
        const response = await send('{"a":', { 'x-api-key': 'unknown' }, path);
        expect([path, response.status]).toEqual([path, 403]);
      }
    });
  });

  it('says that a dossier is JSON', async () => {
    const { headers, status } = await product.ask(key, 'GET', '/akto/dossiers?numeroInterne=INT-NONE');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const ticket = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 2 }) } });
    const { body: job } = await eventually(
      () => product.ask(key, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
    const { numeroInterne } = job.result;
    const dossier = await product.ask(key, 'GET', `/akto/dossiers/${numeroInterne}`);
    expect([dossier.status, dossier.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });

  it('is still open after all this', async () => {
    expect((await product.ask(undefined, 'GET', '/health')).body).toEqual({ status: 'ok' });
    const { status } = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa() } });
    expect(status).toBe(202);
    open(url).destroy();
  });
});
