import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startProduct, type Product } from '../support/product.js';
import { sendRaw } from '../support/raw-http.js';
import { traces } from '../support/untouched.js';

describe('the wire', () => {
  let product: Product;
  let key: string;
  let url: string;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA wire');
    url = product.opcovia.apiUrl ?? '';
  });

  afterAll(() => product.stop());

  const raw = (bytes: string) => sendRaw(url, Buffer.from(bytes.replaceAll('{key}', key), 'latin1'));
  const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
  const withHost = (host: string) => `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const next = get('/health');
  const close = 'Connection: close\r\n';
  const json = 'Host: a\r\nContent-Type: application/json\r\n';

  it.each([
    ['two Host lines', 400, 'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['twice the same Host line', 400, 'GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ['no Host line', 400, 'GET /health HTTP/1.1\r\n\r\n'],
    ['an empty Host', 400, withHost('')],
    ['a user in the Host', 400, withHost('user@a')],
    ['a path in the Host', 400, withHost('a/b')],
    ['an address in the Host', 400, withHost('http://a')],
    ['a list of Hosts', 400, withHost('a, b')],
    ['a blank in the Host', 400, withHost('a b')],
    ['a port that is none', 400, withHost('a:http')],
    ['letters beyond ASCII in the Host', 400, withHost('caf\xe9')],
    ['an absolute target', 400, get('http://evil.example/akto/dossiers', 'X-API-KEY: {key}\r\n')],
    ['an authority as target', 405, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
    ['an asterisk', 400, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nX-API-KEY: {key}\r\n\r\n'],
    ['a target beyond ASCII', 400, get('/health?caf\xe9')],
    ['a fragment', 400, get('/health#a')],
    ['a backslash', 400, get('/health\\..\\metrics')],
    ['HTTP/2.0', 400, 'GET /health HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['HTTP/1.2', 400, 'GET /health HTTP/1.2\r\nHost: a\r\n\r\n'],
    ['HTTP/0.9', 400, 'GET /health\r\n\r\n'],
    ['chunks in HTTP/1.0', 400, 'GET /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['TRACE', 405, `TRACE /health HTTP/1.1\r\nHost: a\r\n${close}\r\n`],
    ['101 header lines', 431, get('/health', 'a:\r\n'.repeat(100))],
    ['2 500 header lines', 431, get('/health', 'a:\r\n'.repeat(2500))],
    ['17 kB of header fields', 431, get('/health', `X-Long: ${'a'.repeat(17_000)}\r\n`)],
    ['a request line over 8 kB', 400, get(`/health?${'a'.repeat(8192 - 'GET /health? HTTP/1.1'.length + 1)}`)],
    ['an escape that is none', 400, get('/%zz')],
    ['an escape that is none in the query', 400, get('/health?a=%ff')],
    ['an encoded line end in the query', 400, get('/health?a=%0d%0aX:%201')],
    ['a body to GET', 400, get('/webhooks', `X-API-KEY: {key}\r\nContent-Length: ${next.length}\r\n`) + next],
    ['two types', 400, `POST /webhooks HTTP/1.1\r\n${json}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`],
    ['no HTTP at all', 400, 'hello\r\n\r\n'],
    ['TLS', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown expectation', 417, get('/health', 'Expect: 200-ok\r\n')],
    ['two expectations', 400, get('/health', 'Expect: 100-continue\r\nExpect: 100-continue\r\n')],
  ])('answers to %s with %i as a problem, and closes', async (_, status, bytes) => {
    const { problem, head, ...answer } = await raw(bytes);
    expect([answer.status, answer.answers]).toEqual([status, 1]);
    expect(problem).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
    expect(head).toContain(problem.requestId);
    expect(head).toMatch(/^connection: close/im);
    expect(head).toMatch(/^x-content-type-options: nosniff/im);
    expect(head).toMatch(/^cache-control: private, no-store/im);
    expect(head).not.toMatch(/^(server|x-powered-by|access-control-[a-z-]+):/im);
  });

  it.each([
    ['a name with a port', `GET /health HTTP/1.1\r\nHost: opcovia.example:3000\r\n${close}\r\n`],
    ['an address of version 6', `GET /health HTTP/1.1\r\nHost: [::1]:3000\r\n${close}\r\n`],
    ['HTTP/1.0 without Host', 'GET /health HTTP/1.0\r\n\r\n'],
    ['a request line of 8 kB', get(`/health?${'a'.repeat(8192 - 'GET /health? HTTP/1.1'.length)}`, close)],
    ['100 header lines', get('/health', `${'a:\r\n'.repeat(98)}${close}`)],
  ])('takes %s', async (_, bytes) => {
    expect(await raw(bytes)).toMatchObject({ status: 200, answers: 1 });
  });

  it.each([
    ['Content-Length and chunked', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'],
    ['chunked and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n', '0\r\n\r\n'],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n', '{}'],
    ['twice the same length', 'Content-Length: 2\r\nContent-Length: 2\r\n', '{}'],
    ['a list of lengths', 'Content-Length: 2, 2\r\n', '{}'],
    ['a signed length', 'Content-Length: +2\r\n', '{}'],
    ['a negative length', 'Content-Length: -1\r\n', '{}'],
    ['a hexadecimal length', 'Content-Length: 0x2\r\n', '{}'],
    ['an empty length', 'Content-Length:\r\n', '{}'],
    ['a length beyond all numbers', `Content-Length: ${'9'.repeat(30)}\r\n`, '{}'],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n', '0\r\n\r\n'],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'],
    ['identity as a coding', 'Transfer-Encoding: identity\r\n', '{}'],
    ['identity after chunked', 'Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'],
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'],
    ['identity before chunked', 'Transfer-Encoding: identity, chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['a vertical tab before chunked', 'Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'],
    ['a folded line', 'X-Folded: a\r\n b\r\nContent-Length: 2\r\n', '{}'],
    ['a folded coding', 'Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'],
    ['a bare line feed', 'A: b\nX: y\r\nContent-Length: 2\r\n', '{}'],
    ['a bare carriage return', 'A: b\rX: y\r\nContent-Length: 2\r\n', '{}'],
    ['a NUL', 'X: \0\r\nContent-Length: 2\r\n', '{}'],
    ['a field without a name', ': x\r\nContent-Length: 2\r\n', '{}'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n', 'ZZ\r\n{}\r\n0\r\n\r\n'],
    ['a signed chunk size', 'Transfer-Encoding: chunked\r\n', '+2\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size beyond all numbers', 'Transfer-Encoding: chunked\r\n', `${'f'.repeat(17)}\r\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', 'Transfer-Encoding: chunked\r\n', '1\r\n{}\r\n0\r\n\r\n'],
    ['chunks with bare line feeds', 'Transfer-Encoding: chunked\r\n', '2\n{}\n0\n\n'],
    ['17 kB behind a chunk size', 'Transfer-Encoding: chunked\r\n', `2;${'a'.repeat(17_000)}\r\n{}\r\n0\r\n\r\n`],
  ])('takes nothing after %s; no job, no call', async (_, fields, body) => {
    const before = await traces(product);
    const head = `POST /akto/dossiers HTTP/1.1\r\nX-API-KEY: {key}\r\n${json}${fields}\r\n`;
    const { status, answers, problem, head: answered } = await raw(`${head}${body}${next}`);
    expect([400, 413, 501]).toContain(status);
    expect(problem.status).toBe(status);
    expect(answers).toBe(1);
    expect(answered).toMatch(/^connection: close/im);
    expect(await traces(product)).toEqual(before);
  });

  it.each([
    [403, 'HTTP_ERROR', 'a key given twice', 'X-API-KEY: {key}\r\nX-API-KEY: {key}\r\n'],
    [403, 'HTTP_ERROR', 'an empty second key', 'X-API-KEY: {key}\r\nX-API-KEY:\r\n'],
    [
      400,
      'IDEMPOTENCY_KEY_INVALID',
      'two idempotency keys',
      'X-API-KEY: {key}\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n',
    ],
    [
      400,
      'IDEMPOTENCY_KEY_INVALID',
      'two that join to a quoted one',
      'X-API-KEY: {key}\r\nIdempotency-Key: "a\r\nIdempotency-Key: b"\r\n',
    ],
    [
      400,
      'MALFORMED_REQUEST',
      'two codings',
      'X-API-KEY: {key}\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n',
    ],
    [400, 'MALFORMED_REQUEST', 'two keys of the CFA', 'X-API-KEY: {key}\r\nX-CFA-KEY: a\r\nX-CFA-KEY: b\r\n'],
  ])('answers %i %s to %s', async (status, code, _, fields) => {
    const body = JSON.stringify({ cerfa: exampleCerfa() }).replace(/[^\x20-\x7e]/g, '?');
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const answer = await raw(`POST /akto/dossiers HTTP/1.1\r\n${json}${close}${fields}${length}\r\n${body}`);
    expect([answer.status, answer.problem.code, answer.answers]).toEqual([status, code, 1]);
  });

  it('lets fields that are lists come in several lines', async () => {
    const fields = `X-API-KEY: {key}\r\nCache-Control: no-cache\r\nCache-Control: no-store\r\nIf-None-Match: "a"\r\nIf-None-Match: "b"\r\n`;
    expect((await raw(get('/akto/status', `${fields}${close}`))).status).toBe(200);
  });

  it('serves two requests that follow each other on one connection', async () => {
    expect(await raw(next + get('/health', close))).toMatchObject({ status: 200, answers: 2 });
  });
});
