import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startProduct, type Asked, type Product } from '../support/product.js';
import { open, readToEnd, type RawAnswer } from '../support/raw-http.js';
import { traces } from '../support/untouched.js';

const limit = 25 * 1024 * 1024;
const mebibyte = 1024 * 1024;

describe('bodies', () => {
  let product: Product;
  let key: string;
  let url: string;
  let before: { jobs: number; calls: number };

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA bodies');
    url = product.opcovia.apiUrl ?? '';
    before = await traces(product);
  });

  afterEach(async () => expect(await traces(product)).toEqual(before));

  afterAll(() => product.stop());

  const send = (body: string | Buffer, headers: Record<string, string> = {}, path = '/akto/dossiers') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
    }).then(async (response): Promise<Asked> => {
      const text = await response.text();
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
    });
  const cerfa = exampleCerfa() as unknown as Record<string, Record<string, unknown>>;
  const valid = JSON.stringify({ cerfa });
  /** The example with its text altered, so that spelling survives. */
  const spelled = (from: string | RegExp, to: string) => {
    const text = valid.replace(from, to);
    expect(text).not.toBe(valid);
    return text;
  };

  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'text/html' }],
    [{ 'content-type': 'application/json5' }],
    [{ 'content-type': 'application/json, text/plain' }],
    [{ 'content-type': 'json' }],
    [{ 'content-type': 'application/json; charset=utf-16' }],
    [{ 'content-type': 'application/json; charset=utf-8; charset=utf-16' }],
    [{ 'content-type': "application/json; charset='utf-7'" }],
    [{ 'content-encoding': 'gzip' }],
    [{ 'content-encoding': 'gzip, gzip' }],
    [{ 'content-encoding': 'identity, br' }],
  ])('are refused with %j, and the connection ends', async (headers) => {
    const { status, body, headers: answered } = await send(valid, headers);
    expect([status, body.code, answered.get('connection')]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE', 'close']);
  });

  it('are not inflated: 50 kB that would be 50 MB', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * mebibyte, 0x20));
    const memory = process.memoryUsage().rss;
    for (const encoding of ['gzip', 'br', 'gzip, gzip', 'x-gzip']) {
      expect((await send(bomb, { 'content-encoding': encoding })).status).toBe(415);
    }
    expect((await send(bomb)).status).toBe(400);
    expect(process.memoryUsage().rss - memory).toBeLessThan(50 * mebibyte);
  });

  const half = '\\ud800';
  it.each<[string, string, string | Buffer]>([
    ['half an object', 'json', '{"a":'],
    ['nothing but blanks', 'json', '  \n'],
    ['something after the end', 'json', '{}trailing'],
    ['two values', 'json', '{}{}'],
    ['a comment', 'json', '{/**/}'],
    ['a comma at the end', 'json', '{"a":1,}'],
    ['NaN', 'json', '{"a":NaN}'],
    ['a byte order mark', 'json', `\ufeff${valid}`],
    ['a number', 'type', '1'],
    ['null', 'type', 'null'],
    ['a list', 'type', '[]'],
    ['Latin-1', 'utf8', Buffer.from('{"nom":"Zo\xe9"}', 'latin1')],
    ['an overlong form', 'utf8', Buffer.from('{"a":"\xc0\xaf"}', 'latin1')],
    ['a surrogate in bytes', 'utf8', Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1')],
    ['UTF-16', 'utf8', Buffer.from(valid, 'utf16le')],
    ['50 000 levels of lists', 'too_deep', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['15 000 levels of objects', 'too_deep', '{"a":'.repeat(15_000)],
    ['33 levels', 'too_deep', '['.repeat(33) + ']'.repeat(33)],
    ['32 levels', 'type', '['.repeat(32) + ']'.repeat(32)],
    ['10 001 keys', 'too_many_keys', `{${Array.from({ length: 10_001 }, (_, n) => `"k${n}":1`).join()}}`],
    ['a key twice', 'duplicate_key', spelled('{', '{"cerfa":{},')],
    ['a key twice, deep', 'duplicate_key', spelled('"nom":', '"nom":"x","nom":')],
    ['a key twice, spelled otherwise', 'duplicate_key', spelled('"nom":', '"n\\u006fm":"x","nom":')],
    ['__proto__', 'forbidden_key', spelled('{', '{"__proto__":{"isAdmin":true},')],
    ['__proto__, deep', 'forbidden_key', spelled('"nom":', '"__proto__":{"isAdmin":true},"nom":')],
    ['__proto__, escaped', 'forbidden_key', spelled('"nom":', '"\\u005f_proto__":{"isAdmin":true},"nom":')],
    ['constructor', 'forbidden_key', spelled('{', '{"constructor":{"prototype":{"x":1}},')],
    ['prototype', 'forbidden_key', spelled('"nom":', '"prototype":{},"nom":')],
    ['1e400', 'number', spelled(/"salaireEmbauche":[\d.]+/, '"salaireEmbauche":1e400')],
    ['9007199254740993', 'number', spelled(/"salaireEmbauche":[\d.]+/, '"salaireEmbauche":9007199254740993')],
    ['three decimals', 'precision', spelled(/"salaireEmbauche":[\d.]+/, '"salaireEmbauche":955.145')],
    [
      'decimals beyond a double',
      'precision',
      spelled(/"salaireEmbauche":[\d.]+/, '"salaireEmbauche":0.30000000000000004'),
    ],
    ['NUL', 'character', spelled(/"nom":"/, '"nom":"\\u0000')],
    ['half a character', 'character', spelled(/"nom":"/, `"nom":"${half}`)],
    ['half a character in a key', 'character', spelled('{', `{"${half}":1,`)],
    ['a control character', 'pattern', spelled(/"nom":"/, '"nom":"\\u0007')],
    ['81 letters for 80', 'too_long', spelled(/"nom":"/, `"nom":"${'x'.repeat(81)}`)],
    ['an unknown field', 'unknown_field', spelled('"nom":', '"isAdmin":true,"nom":')],
    ['our own columns', 'unknown_field', spelled('{', '{"tenant_hash":"x","status":"completed",')],
  ])('are refused when they are %s: %s', async (_, code, body) => {
    const begun = performance.now();
    const answer = await send(body);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.body.errors.map((finding: { code: string }) => finding.code)).toContain(code);
    expect(answer.text).not.toMatch(/isAdmin":|at .*\.(js|ts):/);
    expect(answer.text).not.toContain(cerfa['apprenti']?.['nom']);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('that are empty are refused', async () => {
    expect((await send('')).body.code).toBe('VALIDATION_ERROR');
  });

  it.each<[string, string, unknown]>([
    ['line ends', 'base64', { 'a.pdf': 'JVBE\r\nRi0x' }],
    ['the alphabet of URLs', 'base64', { 'a.pdf': 'JVBERi0_' }],
    ['a blank', 'base64', { 'a.pdf': 'JVBE Ri0x' }],
    ['no padding', 'base64', { 'a.pdf': 'JVBERi0xCg' }],
    ['bits hidden in the padding', 'base64', { 'a.pdf': 'JVBERi0xCh==' }],
    ['a data URL', 'base64', { 'a.pdf': 'data:application/pdf;base64,JVBERi0x' }],
    ['a byte over 10 MiB', 'base64', { 'a.pdf': Buffer.alloc(10 * mebibyte + 1, 'a').toString('base64') }],
    ['much over 10 MiB', 'too_long', { 'a.pdf': Buffer.alloc(11 * mebibyte, 'a').toString('base64') }],
    ['two files', 'too_many', { 'a.pdf': 'JVBERi0x', 'b.pdf': 'JVBERi0x' }],
    ['no file', 'too_few', {}],
    ['a path as name', 'file_name', { '../../etc/passwd': 'JVBERi0x' }],
    ['a name with a quote', 'file_name', { 'a".pdf': 'JVBERi0x' }],
  ])('with %s as file are refused: %s', async (_, code, files) => {
    const { status, body } = await send(
      JSON.stringify({ ...exampleDocument(), _files: files }),
      {},
      '/opco-ep/documents',
    );
    expect([status, body.errors?.[0]?.code]).toEqual([400, code]);
  });

  it('of a program under the name of a PDF are refused', async () => {
    const files = { 'a.pdf': Buffer.from('MZ\x90\0').toString('base64') };
    const { status } = await send(JSON.stringify({ ...exampleDocument(), _files: files }), {}, '/opco-ep/documents');
    expect(status).toBe(422);
  });

  describe('that are too large', () => {
    /** Sends until the server says stop; gives the answer and how many bytes the server took. */
    const upload = async (head: string, piece: Buffer, bytes: number): Promise<RawAnswer & { taken: number }> => {
      const server = product.opcovia.api.getHttpServer() as Server;
      const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
      const socket = open(url);
      const answer = readToEnd(socket);
      socket.write(head);
      const more = () => {
        while (socket.writable && socket.bytesWritten < bytes) {
          if (!socket.write(piece)) return void socket.once('drain', more);
        }
      };
      more();
      return { ...(await answer), taken: (await accepted).bytesRead };
    };
    const head = (path: string, framing: string) =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
    const blanks = Buffer.alloc(16 * 1024, 0x20);
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), blanks, Buffer.from('\r\n')]);

    it.each([
      ['a deposit', '/akto/dossiers', limit],
      ['any other', '/webhooks', 100 * 1024],
    ])('by a byte are cut before they are read: %s', async (_, path, most) => {
      const { status, problem, answers, taken } = await upload(
        head(path, `Content-Length: ${most + 1}`),
        blanks,
        most + 1,
      );
      expect([status, problem.code, answers]).toEqual([413, 'PAYLOAD_TOO_LARGE', 1]);
      expect(taken).toBeLessThan(mebibyte);
    });

    it.each([
      ['a deposit', '/akto/dossiers', limit],
      ['any other', '/webhooks', 100 * 1024],
    ])('in chunks are cut where they are too much: %s', async (_, path, most) => {
      const { status, problem, answers, taken } = await upload(
        head(path, 'Transfer-Encoding: chunked'),
        chunk,
        2 * most + 8 * mebibyte,
      );
      expect([status, problem.code, answers]).toEqual([413, 'PAYLOAD_TOO_LARGE', 1]);
      expect(taken).toBeGreaterThan(most);
      expect(taken).toBeLessThan(most + mebibyte);
    });
  });

  it('leave the next request as it was', async () => {
    expect((await product.ask(undefined, 'GET', '/health')).text).toBe('{"status":"ok"}');
    const { status } = await product.ask(key, 'POST', '/akto/dossiers', { body: `${valid.slice(0, -1)}, "x": 1}` });
    expect(status).toBe(400);
  });
});
