import fc from 'fast-check';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startProduct, type Product } from '../support/product.js';
import { open, readToEnd } from '../support/raw-http.js';

/** Bytes that parsers trip over. */
const tokens = [
  '\r\n', '\n', '\r', '\0', ' ', '\t', ':', ',', ';', '%', '%00', '%2e%2e%2f', '/', '//', '..', '?', '&', '=', '#', '\\', '"', '{', '}', '[', ']',
  '\x7f', '\x80', '\xff', '\xc3\x28', 'é', '0', '-1', '+2', '1e400', '0x10', '99999999999999999999', 'chunked', 'identity', 'gzip',
  'Host: b\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Expect: 100-continue\r\n', 'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'X-API-KEY: x\r\n', 'Content-Type: text/plain\r\n', 'HTTP/1.1', 'HTTP/2.0', 'GET ', 'POST ', 'TRACE ', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '__proto__', '"constructor":{},', '\\ud800', '\\u0000', '"cerfa":1,', 'null', 'a'.repeat(300), 'a'.repeat(9000),
]; // prettier-ignore

type Change = readonly [kind: 'insert' | 'delete' | 'replace' | 'double', at: number, token: number, length: number];

/** A change falls anywhere, but half of them on the first 200 bytes, where the protocol is. */
const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom('insert', 'delete', 'replace', 'double'),
  fc.oneof(fc.nat(200), fc.nat(1_000_000)),
  fc.nat(tokens.length - 1),
  fc.integer({ min: 1, max: 40 }),
);

function mutate(request: string, changes: readonly Change[]): string {
  return changes.reduce((text, [kind, where, token, length]) => {
    const at = where % (text.length + 1);
    const word = tokens[token] ?? '';
    const cut = text.slice(at, at + length);
    if (kind === 'insert') return text.slice(0, at) + word + text.slice(at);
    if (kind === 'delete') return text.slice(0, at) + text.slice(at + length);
    if (kind === 'double') return text.slice(0, at) + cut + text.slice(at);
    return text.slice(0, at) + word + text.slice(at + length);
  }, request);
}

describe('a door under fuzz', () => {
  let product: Product;
  let key: string;
  let url: string;

  beforeAll(async () => {
    // A request cut short waits for its rest: not long here.
    product = await startProduct({
      OPCOVIA_HEADERS_TIMEOUT_SECONDS: '1',
      OPCOVIA_REQUEST_TIMEOUT_SECONDS: '1',
      OPCOVIA_KEEP_ALIVE_SECONDS: '1',
      OPCOVIA_POLL_INTERVAL_SECONDS: '86400',
    });
    key = await product.newTenant('CFA fuzz');
    url = product.opcovia.apiUrl ?? '';
  });

  afterAll(() => product.stop());

  const valid = (): string[] => {
    const head = `Host: a\r\nX-API-KEY: ${key}\r\nConnection: close\r\n`;
    const body = JSON.stringify({ cerfa: exampleCerfa() }).replace(/[^\x20-\x7e]/g, 'e');
    const post = (path: string, text: string) =>
      `POST ${path} HTTP/1.1\r\n${head}Content-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    return [
      `GET /health HTTP/1.1\r\n${head}\r\n`,
      `GET /akto/dossiers/etats?page=1&limit=2 HTTP/1.1\r\n${head}Accept: application/json\r\nIf-None-Match: "a", W/"b"\r\n\r\n`,
      `GET /akto/dossiers/INT-1 HTTP/1.1\r\n${head}Traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\n\r\n`,
      `GET /akto/jobs?limit=5&status=pending HTTP/1.1\r\n${head}\r\n`,
      `GET /events?after=abc HTTP/1.1\r\n${head}\r\n`,
      post('/akto/dossiers', body),
      post('/webhooks', '{"url":"https://hooks.example/x","events":["job.completed"]}'),
      `POST /akto/dossiers HTTP/1.1\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      `DELETE /webhooks/7b0e1c9e-0000-4000-8000-000000000000 HTTP/1.1\r\n${head}\r\n`,
    ];
  };

  /** Every answer on the wire, as status and body; throws when it is not a sequence of whole answers. */
  const answersOf = (text: string): { status: number; type: string; body: string }[] => {
    const answers: ReturnType<typeof answersOf> = [];
    for (let rest = text; rest !== '';) {
      const end = rest.indexOf('\r\n\r\n');
      const head = rest.slice(0, end);
      const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? [];
      if (end < 0 || status === undefined) throw new Error(`no answer: ${JSON.stringify(rest.slice(0, 300))}`);
      const [, length = '0'] = /^content-length: (\d+)/im.exec(head) ?? [];
      const [, type = ''] = /^content-type: (\S+?);?(?:\s|$)/im.exec(head) ?? [];
      const body = rest.slice(end + 4, end + 4 + Number(length));
      answers.push({ status: Number(status), type, body });
      rest = rest.slice(end + 4 + body.length);
    }
    return answers;
  };

  it('answers whole, never with 5xx, and stays alive', async () => {
    const statuses: Record<number, number> = {};
    const attack = async (start: number, changes: readonly Change[]) => {
      const requests = valid();
      const bytes = mutate(requests[start % requests.length] ?? '', changes);
      const socket = open(url);
      const late = setTimeout(() => socket.destroy(new Error('it hangs')), 20_000);
      const answer = readToEnd(socket);
      socket.write(Buffer.from(bytes, 'latin1'));
      const { text } = await answer;
      clearTimeout(late);
      for (const { status, type, body } of answersOf(text)) {
        statuses[status] = (statuses[status] ?? 0) + 1;
        // What an OPCO fails at is not ours; what PostgreSQL or our code fails at would be.
        if (status >= 500 && status !== 501)
          throw new Error(`${status} ${body} to ${JSON.stringify(bytes.slice(0, 2000))}`);
        if (status >= 400 && type === 'application/problem+json' && body !== '')
          expect(JSON.parse(body).status).toBe(status);
      }
      // Nothing at all would be a connection cut without a word.
      if (text === '') throw new Error(`no word to ${JSON.stringify(bytes.slice(0, 2000))}`);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1000), fc.array(change, { minLength: 1, maxLength: 4 })), {
          minLength: 400,
          maxLength: 400,
        }),
        async (batch) => {
          await Promise.all(batch.map(([start, changes]) => attack(start, changes)));
        },
      ),
      { numRuns: 5, seed: 20_260_101, endOnFailure: true },
    );
    expect(Object.keys(statuses).length).toBeGreaterThan(5);
    expect((await product.ask(undefined, 'GET', '/health')).status).toBe(200);
    expect((await product.ask(key, 'GET', '/akto/status')).status).toBe(200);
    expect(product.logged()).not.toContain('"level":50');
  });
});
