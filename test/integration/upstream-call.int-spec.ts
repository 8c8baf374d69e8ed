import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { Order } from '../../src/pipeline/06-call/opco-client.js';
import { Wire } from '../../src/pipeline/06-call/wire.js';
import { PlayedOpco } from '../support/a-played-opco.js';
import { aCall, aDepositCall, anAdapter } from '../support/an-exchange.js';
import { aClientOver, anOrderTo, failureOf } from '../support/an-opco-client.js';

const opco = new PlayedOpco();
let wire: Wire;
let origin: URL;
let events: string[];

beforeEach(async () => {
  origin = await opco.start();
  opco.seen.length = 0;
  opco.tokens = 0;
  opco.tokenType = 'Bearer';
  opco.answer = (_request, response) => void response.end('{}');
  events = [];
  wire = new Wire({ connectMs: 500, bodyBytes: 1000 });
});

afterEach(async () => {
  await wire.close();
  await opco.stop();
});

const aClient = () => aClientOver(wire);
const anOrder = (changes: Partial<Order> = {}) =>
  anOrderTo(origin, {
    beforeSend: (resend) => Promise.resolve(void events.push(`send ${resend}, ${opco.seen.length} seen`)),
    ...changes,
  });
const aDepositOrder = (changes: Partial<Order> = {}) =>
  anOrder({
    request: { method: 'POST', segments: ['v1', 'dossiers'], query: {}, body: { kind: 'json', value: { a: 1 } } },
    call: aDepositCall(),
    ...changes,
  });

describe('a call to an OPCO', () => {
  it('sends the identities, our request id and nothing that is not on the list', async () => {
    await aClient().send(anOrder());
    const { url, headers } = opco.seen[0] ?? { url: '', headers: {} };
    expect(url).toBe('/base/v1/dossiers?numeroInterne=N+1%26x');
    expect(headers).toMatchObject({
      authorization: 'Bearer t1',
      'x-api-key': 'cfa-key',
      editeur: 'Editeur',
      logiciel: 'Logiciel',
      version: '1.2.3',
      'x-request-id': 'req-1',
      traceparent: expect.stringMatching(/^00-/) as string,
    });
    const listed = [
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'editeur',
      'host',
      'logiciel',
      'traceparent',
      'version',
      'x-api-key',
      'x-request-id',
    ];
    expect(Object.keys(headers).sort()).toEqual(listed);
  });

  it('fetches one token for many calls at once', async () => {
    const client = aClient();
    await Promise.all(Array.from({ length: 5 }, () => client.send(anOrder())));
    expect(opco.tokens).toBe(1);
    expect(opco.seen).toHaveLength(5);
  });

  it('refreshes the token once on a 401 and sends again, announcing each sending before its first byte', async () => {
    opco.answer = (request, response) =>
      void response.writeHead(request.headers.authorization === 'Bearer t2' ? 200 : 401).end('{"ok":true}');
    const response = await aClient().send(aDepositOrder());
    expect(response).toMatchObject({ status: 200, body: { ok: true } });
    expect(events).toEqual(['send 0, 0 seen', 'send 1, 1 seen']);
    expect(opco.seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  it("hands a second 401 on, and does not fetch the software's token anew at each call of a CFA whose key is refused", async () => {
    opco.answer = (_request, response) => void response.writeHead(401).end('{}');
    const client = aClient();
    for (let call = 0; call < 3; call += 1) expect((await client.send(aDepositOrder())).status).toBe(401);
    expect([opco.tokens, opco.seen.length]).toEqual([2, 4]);
  });

  it('sends nothing when the announcement is refused', async () => {
    const failure = await failureOf(
      aClient().send(aDepositOrder({ beforeSend: () => Promise.reject(new Error('fenced off')) })),
    );
    expect(failure.details.sent).toBe('not-sent');
    expect(opco.seen).toEqual([]);
  });

  it('proves possession of a DPoP token, with the nonce that the OPCO asks for', async () => {
    opco.tokenType = 'DPoP';
    opco.answer = (_request, response) =>
      void response.writeHead(opco.seen.length === 1 ? 401 : 200, { 'dpop-nonce': 'n1' }).end('{}');
    const adapter = anAdapter({ auth: { dpop: true } });
    expect((await aClient().send(anOrder({ adapter }))).status).toBe(200);
    const proof = String(opco.seen[1]?.headers['dpop']).split('.')[1] ?? '';
    expect(JSON.parse(Buffer.from(proof, 'base64url').toString())).toMatchObject({
      htm: 'GET',
      htu: `${origin.origin}/base/v1/dossiers`,
      nonce: 'n1',
      ath: expect.any(String) as string,
    });
    expect(opco.seen[1]?.headers.authorization).toBe('DPoP t1');
    expect(opco.tokens).toBe(1);
  });
});

const at = (baseUrl: URL) => ({ environment: 'test' as const, baseUrl, tokenUrl: new URL('/token', origin) });

describe('what is known of the bytes of a failed deposit', () => {
  it('not-sent: nobody listens at the address', async () => {
    const upstream = at(new URL('http://127.0.0.1:1'));
    expect(await failureOf(aClient().send(aDepositOrder({ upstream })))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { sent: 'not-sent' },
    });
  });

  it('not-sent: the token server is down', async () => {
    const upstream = { ...at(origin), tokenUrl: new URL('http://127.0.0.1:1/token') };
    expect(await failureOf(aClient().send(aDepositOrder({ upstream })))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { sent: 'not-sent' },
    });
    expect(opco.seen).toEqual([]);
  });

  it('not-sent: the TLS handshake fails', async () => {
    const upstream = at(new URL(origin.href.replace('http:', 'https:')));
    expect((await failureOf(aClient().send(aDepositOrder({ upstream })))).details.sent).toBe('not-sent');
    expect(opco.seen).toEqual([]);
  });

  it('not-sent: the time ran out while waiting for a connection', async () => {
    wire = new Wire({ connectionsOf: () => 1 });
    const client = aClient();
    const held: ServerResponse[] = [];
    const first = new Promise<void>((resolve) => {
      opco.answer = (_request, response) => (held.push(response), resolve());
    });
    const holding = client.send(anOrder({ remainingMs: () => 5000 }));
    await first;
    expect(await failureOf(client.send(aDepositOrder({ remainingMs: () => 30 })))).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { sent: 'not-sent' },
    });
    held[0]?.end('{}');
    await holding;
    opco.answer = (_request, response) => void response.end('{}');
    await client.send(anOrder());
    expect(opco.seen.filter(({ body }) => body !== '')).toEqual([]);
  });

  it('maybe-sent: the connection breaks before a status line', async () => {
    opco.answer = (request) => void request.socket.destroy();
    expect(await failureOf(aClient().send(aDepositOrder()))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { sent: 'maybe-sent' },
    });
    expect(opco.seen).toHaveLength(1);
  });

  it('maybe-sent: the connection that was kept alive had been closed by the OPCO', async () => {
    const client = aClient();
    await client.send(anOrder());
    opco.answer = (request) => void request.socket.resetAndDestroy();
    expect((await failureOf(client.send(aDepositOrder()))).details.sent).toBe('maybe-sent');
    expect(opco.seen).toHaveLength(2);
  });

  it('maybe-sent: no answer in time', async () => {
    opco.answer = () => undefined;
    expect(await failureOf(aClient().send(aDepositOrder({ remainingMs: () => 50 })))).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { sent: 'maybe-sent' },
    });
  });

  it('maybe-sent: what came back is no HTTP', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.once('data', () => void socket.write('garbage\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = at(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    expect((await failureOf(aClient().send(aDepositOrder({ upstream })))).details.sent).toBe('maybe-sent');
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('answered: a 200 whose body breaks off, is too large, or is no JSON, is a response without a body', async () => {
    const broken: RequestListener[] = [
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"nume');
        setImmediate(() => request.socket.destroy());
      },
      (_request, response) => void response.writeHead(200).end(`"${'x'.repeat(2000)}"`),
      (_request, response) => void response.writeHead(200).end('<html>'),
    ];
    for (const answer of broken) {
      opco.answer = answer;
      expect(await aClient().send(aDepositOrder())).toMatchObject({ status: 200, body: undefined });
    }
  });
});

describe('a read', () => {
  it('fails when its answer breaks off', async () => {
    opco.answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"nume');
      setImmediate(() => request.socket.destroy());
    };
    expect(await failureOf(aClient().send(anOrder()))).toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { sent: 'answered' },
    });
  });

  it('ends when its caller leaves', async () => {
    const left = new AbortController();
    opco.answer = () => left.abort();
    expect((await failureOf(aClient().send(anOrder({ call: aCall({ signal: left.signal }) })))).code).toBe(
      'UPSTREAM_ERROR',
    );
  });

  it('is not led elsewhere by a redirect', async () => {
    opco.answer = (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect((await aClient().send(anOrder())).status).toBe(302);
    expect(opco.seen).toHaveLength(1);
  });
});
