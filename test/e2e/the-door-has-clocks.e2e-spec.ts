import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { eventually, startProduct, type Product } from '../support/product.js';
import { open, readToEnd, sendRaw, type RawAnswer } from '../support/raw-http.js';
import { traces } from '../support/untouched.js';

const json = 'Content-Type: application/json\r\n';
const health = 'GET /health HTTP/1.1\r\nHost: a\r\n';

describe('the clocks and counts of the door', () => {
  let product: Product;
  let key: string;
  let url: string;
  const held = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_CONNECTIONS: '600',
      OPCOVIA_HEADERS_TIMEOUT_SECONDS: '2',
      OPCOVIA_REQUEST_TIMEOUT_SECONDS: '6',
      OPCOVIA_UPLOAD_GRACE_SECONDS: '1',
    });
    key = await product.newTenant('CFA slow');
    url = product.opcovia.apiUrl ?? '';
  });

  afterEach(() => {
    for (const timer of timers) clearInterval(timer);
    for (const socket of held) socket.destroy();
    held.clear();
  });

  afterAll(() => product.stop());

  const hold = (at = url): Socket => {
    const socket = open(at);
    socket.on('error', () => undefined);
    held.add(socket);
    return socket;
  };
  /** Says something at once, then a piece every so many milliseconds. */
  const drip = (first: string, piece: string, { everyMs = 100, at = url } = {}): Promise<RawAnswer> => {
    const socket = hold(at);
    const answer = readToEnd(socket);
    socket.write(first);
    const timer = setInterval(() => socket.writable && socket.write(piece), everyMs);
    timers.add(timer);
    return answer.finally(() => clearInterval(timer));
  };
  const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const milliseconds = async (work: Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await work;
    return performance.now() - begun;
  };
  const upload = (bytes: number) =>
    `POST /akto/dossiers HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\n${json}Content-Length: ${bytes}\r\n\r\n`;

  it('ends header fields that never end with 408, and 500 of them delay nobody', async () => {
    const begun = performance.now();
    const dripping = many(500, () => drip('GET /health HTTP/1.1\r\nHost: a\r\nX-Sl', 'o', { everyMs: 1000 }));
    await Promise.all([...held].map((socket) => new Promise((opened) => socket.once('connect', opened))));
    const asked: number[] = [];
    for (let n = 0; n < 5; n++) asked.push(await milliseconds(product.ask(undefined, 'GET', '/health')));
    for (const { status, problem } of await Promise.all(dripping)) {
      expect([status, problem.code]).toEqual([408, 'REQUEST_TIMEOUT']);
    }
    expect(performance.now() - begun).toBeLessThan(15_000);
    // The quickest: the machine may be busy with something else, the sockets would delay them all.
    expect(Math.min(...asked)).toBeLessThan(1000);
  });

  it('ends at the staff listener too who drips: strangers reach the desk for hub tokens', async () => {
    const post = `POST /hub/token HTTP/1.1\r\nHost: a\r\n${json}`;
    for (const [first, piece] of [
      ['GET /metrics HTTP/1.1\r\nHost: a\r\nX-Sl', 'o'],
      [`${post}Content-Length: 100000\r\n\r\n{`, ' '],
    ] as const) {
      expect((await drip(first, piece, { at: product.opcovia.staffUrl })).status).toBe(408);
    }
  });

  it('ends who never says a word', async () => {
    expect(await readToEnd(hold())).toMatchObject({ status: 408, answers: 1 });
  });

  it('ends bodies that drip with 408: 200 of them make no job, and leave memory flat', async () => {
    const before = await traces(product);
    const memory = process.memoryUsage().rss;
    const dripping = many(200, () => drip(upload(10_000_000), '"aaaaaaaaa'));
    for (const { status, problem, answers } of await Promise.all(dripping)) {
      expect([status, problem.code, answers]).toEqual([408, 'REQUEST_TIMEOUT', 1]);
      // Not the time of the whole request, which comes later.
      expect(problem.detail).toBe('Le corps de la requête arrive trop lentement.');
    }
    expect(process.memoryUsage().rss - memory).toBeLessThan(100 * 1024 * 1024);
    expect(await traces(product)).toEqual(before);
  });

  it('ends a body that is fast enough and never complete with the time of a request', async () => {
    const answer = drip(upload(10_000_000), 'a'.repeat(1000));
    expect(await milliseconds(answer)).toBeGreaterThan(4000);
    expect(await answer).toMatchObject({ status: 408, problem: { code: 'REQUEST_TIMEOUT' }, answers: 1 });
  });

  it.each([
    ['never comes', '', 1000],
    ['comes, and never to its end', 'a'.repeat(1000), 900_000],
  ])('gives one answer to a stranger whose body %s', async (_, piece, bytes) => {
    const head = `POST /akto/dossiers HTTP/1.1\r\nHost: a\r\n${json}Content-Length: ${bytes}\r\n\r\n`;
    expect(await drip(head, piece)).toMatchObject({ status: 403, answers: 1 });
  });

  it('takes a body that comes in pieces, at a fair pace', async () => {
    // Large enough to be many times faster than the pace that is asked for, even where this process is busy.
    const body = JSON.stringify({ cerfa: exampleCerfa() }) + ' '.repeat(60_000);
    const socket = hold();
    const answer = readToEnd(socket);
    const bytes = upload(Buffer.byteLength(body)).replace('Host: a', 'Host: a\r\nConnection: close') + body;
    let at = 0;
    const timer = setInterval(() => {
      socket.write(bytes.slice(at, (at += Math.ceil(bytes.length / 15))));
      if (at >= bytes.length) clearInterval(timer);
    }, 100);
    timers.add(timer);
    expect(await answer).toMatchObject({ status: 202, answers: 1 });
  });

  it('tells a connection too many 503, and takes the next when one is gone', async () => {
    const idle = many(600, hold);
    await Promise.all(idle.map((socket) => new Promise((opened) => socket.once('connect', opened))));
    // The system may have accepted for us what we have not yet seen: the last one is told for sure.
    const refused = await sendRaw(url, `${health}\r\n`);
    expect(refused).toMatchObject({ status: 503, problem: { code: 'OVERLOADED' }, answers: 1 });
    expect(refused.head).toMatch(/^retry-after: \d+/im);
    expect(refused.head).toMatch(/^connection: close/im);
    for (const socket of idle) socket.destroy();
    expect((await fetch(`${product.opcovia.staffUrl}/health`)).status).toBe(200);
    let open = 0;
    for (let tries = 0; tries < 200 && open !== 200; tries++)
      open = (await sendRaw(url, `${health}Connection: close\r\n\r\n`)).status;
    expect(open).toBe(200);
  });
});

describe('a door that closes', () => {
  it('answers what still comes with 503 as a problem, and closes', async () => {
    const product = await startProduct();
    const server = product.opcovia.api.getHttpServer() as Server;
    const socket = open(product.opcovia.apiUrl ?? '');
    const answer = readToEnd(socket);
    const first = new Promise((answered) => socket.once('data', answered));
    socket.write(`${health}\r\n`);
    await first;
    // Half a request keeps the connection from being idle; the rest of it comes when the door is already closing.
    socket.write(health);
    const stopping = product.stop();
    const { listening } = await eventually(
      () => Promise.resolve({ listening: server.listening }),
      (state) => !state.listening,
    );
    socket.write('\r\n');
    const { answers, text } = await answer;
    await stopping;
    expect([listening, answers]).toEqual([false, 2]);
    const second = text.slice(text.lastIndexOf('HTTP/1.1'));
    expect(second).toMatch(/^HTTP\/1\.1 503 .*content-type: application\/problem\+json.*"code":"SERVICE_UNAVAILABLE"/s);
    expect(second).toMatch(/^retry-after: \d+\r$/im);
    expect(second).toMatch(/^connection: close\r$/im);
  });
});
