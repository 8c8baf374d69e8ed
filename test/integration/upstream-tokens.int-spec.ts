import type { RequestListener } from 'node:http';
import { DpopProofs } from '../../src/pipeline/06-call/dpop.js';
import { OpcoClient, type Order } from '../../src/pipeline/06-call/opco-client.js';
import { AccessTokens } from '../../src/pipeline/06-call/token.js';
import { Wire } from '../../src/pipeline/06-call/wire.js';
import { PlayedOpco } from '../support/a-played-opco.js';
import { aCall, aDepositCall, anAdapter, aTenant, ManualClock } from '../support/an-exchange.js';
import { anOrderTo, failureOf } from '../support/an-opco-client.js';

/** One played server for the calls, one for the tokens, which misbehaves as told. */
describe("the software's token, over sockets", () => {
  const opco = new PlayedOpco();
  const tokens = new PlayedOpco();
  const clock = new ManualClock();
  let wire: Wire;
  let origin: URL;
  let tokenOrigin: URL;
  let client: OpcoClient;
  let granted: number;

  const grant: RequestListener = (_request, response) =>
    void response.end(
      JSON.stringify({ access_token: `granted-${++granted}`, token_type: tokens.tokenType, expires_in: 600 }),
    );

  beforeEach(async () => {
    [origin, tokenOrigin] = await Promise.all([opco.start(), tokens.start()]);
    opco.seen.length = tokens.seen.length = granted = 0;
    opco.answer = (_request, response) => void response.end('{}');
    tokens.answer = grant;
    tokens.tokenType = 'Bearer';
    wire = new Wire({ connectMs: 500 });
    const proofs = new DpopProofs(clock);
    const credentials = {
      cfaKey: () => Promise.resolve('cfa-key'),
      software: (opcoId: string, environment: string) =>
        Promise.resolve({ clientId: `${opcoId}-${environment}`, clientSecret: 'secret' }),
    };
    const software = { editeur: 'Editeur', logiciel: 'Logiciel', version: '1.2.3' };
    client = new OpcoClient({
      ...{ wire, proofs, credentials, software },
      tokens: new AccessTokens(wire, credentials, proofs, clock),
    });
  });

  afterEach(async () => {
    await wire.close();
    await Promise.all([opco.stop(), tokens.stop()]);
  });

  const deposit = (changes: Partial<Order> = {}) => {
    const tokenUrl = new URL('/oauth', tokenOrigin);
    return client.send(
      anOrderTo(origin, {
        request: { method: 'POST', segments: ['v1', 'dossiers'], query: {}, body: { kind: 'json', value: { a: 1 } } },
        call: aDepositCall(),
        routeClass: 'deposit',
        upstream: { environment: 'test', baseUrl: new URL('/base', origin), tokenUrl },
        ...changes,
      }),
    );
  };

  it('is refreshed once a minute before its end, for many calls at once, and no call waits for that', async () => {
    await deposit();
    clock.pass(540);
    let release = () => undefined as void;
    tokens.answer = (request, response) => (release = () => grant(request, response));
    await Promise.all(Array.from({ length: 5 }, () => deposit()));
    expect(opco.seen.map(({ headers }) => headers.authorization)).toEqual(Array(6).fill('Bearer granted-1'));
    release();
    while ((await deposit(), opco.seen.at(-1)?.headers.authorization) !== 'Bearer granted-2');
    expect(tokens.seen).toHaveLength(2);
  });

  it.each<[string, RequestListener, string]>([
    ['answers 503', (_, response) => void response.writeHead(503).end('down'), 'UPSTREAM_ERROR'],
    ['answers 200 with a page', (_, response) => void response.end('<html>maintenance</html>'), 'UPSTREAM_ERROR'],
    ['answers 200 with an empty token', (_, response) => void response.end('{"access_token":""}'), 'UPSTREAM_ERROR'],
    [
      'answers with a token that is no header value',
      (_, response) => void response.end('{"access_token":"a\\r\\nX-Evil: 1"}'),
      'UPSTREAM_ERROR',
    ],
    [
      'answers with a redirect',
      (_, response) => void response.writeHead(302, { location: '/x' }).end(),
      'UPSTREAM_ERROR',
    ],
    ['breaks the connection', (request) => void request.socket.destroy(), 'UPSTREAM_ERROR'],
    ['answers 401', (_, response) => void response.writeHead(401).end('{"error":"invalid_client"}'), 'UPSTREAM_AUTH'],
    ['answers 400', (_, response) => void response.writeHead(400).end('{"error":"invalid_scope"}'), 'UPSTREAM_AUTH'],
    ['answers 429', (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end(), 'RATE_LIMITED'],
  ])('fails a deposit that was surely not sent where its server %s', async (_what, answer, code) => {
    tokens.answer = answer;
    const failure = await failureOf(deposit());
    expect([failure.code, failure.details.sent, opco.seen.length]).toEqual([code, 'not-sent', 0]);
    tokens.answer = grant;
    expect((await deposit()).status).toBe(200);
  });

  it('is waited for no longer than the call has time, nor after its caller has left; the others wait on', async () => {
    let release = () => undefined as void;
    const asked = new Promise<void>((resolve) => {
      tokens.answer = (request, response) => ((release = () => grant(request, response)), resolve());
    });
    const left = new AbortController();
    const patient = deposit();
    const late = failureOf(deposit({ remainingMs: () => 30 }));
    const gone = failureOf(deposit({ call: aCall({ signal: left.signal }) }));
    await asked;
    left.abort();
    expect((await late).code).toBe('UPSTREAM_TIMEOUT');
    expect([(await late).details.sent, (await gone).details.sent]).toEqual(['not-sent', 'not-sent']);
    release();
    expect((await patient).status).toBe(200);
    expect([tokens.seen.length, opco.seen.length]).toEqual([1, 1]);
  });

  it('is not waited for behind the calls that fill the connections of the OPCO', async () => {
    await wire.close();
    const narrow = new Wire({ connectionsOf: () => 1 });
    const proofs = new DpopProofs(clock);
    const credentials = { software: () => Promise.resolve({ clientId: 'id', clientSecret: 's' }) };
    const held = new Promise<void>((resolve) => (opco.answer = () => resolve()));
    const { hostname, port } = origin;
    const url = new URL(`http://${hostname}:${port}/base`);
    const holding = narrow.send('akto test read', { method: 'GET', url, headers: {}, timeoutMs: 60_000 });
    await held;
    const source = new AccessTokens(narrow, credentials, proofs, clock);
    const upstream = { environment: 'test' as const, baseUrl: url, tokenUrl: new URL('/token', origin) };
    expect((await source.get({ adapter: anAdapter(), environment: 'test', upstream })).text).toMatch(/^t\d+$/);
    await narrow.close();
    await expect(holding).rejects.toThrow('broken');
  });

  it('is another one for each OPCO and for each environment', async () => {
    const live = { ...aTenant(), environment: 'live' as const };
    const tokenUrl = new URL('/oauth', tokenOrigin);
    await deposit();
    await deposit({ adapter: anAdapter({ id: 'afdas' }) });
    const upstream = { environment: 'live' as const, baseUrl: origin, tokenUrl };
    await deposit({ call: aDepositCall({ tenant: live }), upstream });
    await deposit();
    const clients = tokens.seen.map(({ body }) => new URLSearchParams(body).get('client_id'));
    expect(clients).toEqual(['akto-test', 'afdas-test', 'akto-live']);
    const used = opco.seen.map(({ headers }) => headers.authorization);
    expect(used).toEqual(['Bearer granted-1', 'Bearer granted-2', 'Bearer granted-3', 'Bearer granted-1']);
  });

  it('is proven with RS256 at an OPCO that wants DPoP, to its token server too, with the nonce that each of them asks for', async () => {
    tokens.tokenType = 'DPoP';
    tokens.answer = (request, response) => {
      if (tokens.seen.length > 1) return void grant(request, response);
      response.writeHead(400, { 'dpop-nonce': 'for-tokens' }).end('{"error":"use_dpop_nonce"}');
    };
    opco.answer = (_request, response) =>
      void response.writeHead(opco.seen.length === 1 ? 401 : 200, { 'dpop-nonce': 'for-calls' }).end('{}');
    expect((await deposit({ adapter: anAdapter({ auth: { dpop: true } }) })).status).toBe(200);
    const part = (proof: unknown, index: number) =>
      JSON.parse(Buffer.from(String(proof).split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;
    const proofs = [...tokens.seen, ...opco.seen].map(({ headers }) => headers['dpop']);
    expect(proofs.map((proof) => part(proof, 0)['alg'])).toEqual(['RS256', 'RS256', 'RS256', 'RS256']);
    expect(proofs.map((proof) => part(proof, 1)['nonce'])).toEqual([undefined, 'for-tokens', undefined, 'for-calls']);
    expect(new Set(proofs.map((proof) => part(proof, 1)['jti'])).size).toBe(4);
    expect(opco.seen.map(({ headers }) => headers.authorization)).toEqual(['DPoP granted-1', 'DPoP granted-1']);
  });

  it.each(['GET', 'POST'] as const)(
    'goes with the identities of the software and of the CFA on every %s',
    async (method) => {
      const call = method === 'GET' ? aCall() : aDepositCall();
      const request = { method, segments: ['v1', 'x'], query: {} };
      await deposit({ request, call, routeClass: method === 'GET' ? 'read' : 'deposit' });
      expect(opco.seen[0]?.headers).toMatchObject({
        ...{ editeur: 'Editeur', logiciel: 'Logiciel', version: '1.2.3' },
        ...{ 'x-api-key': 'cfa-key', authorization: 'Bearer granted-1' },
      });
      expect(tokens.seen[0]?.headers).not.toHaveProperty('x-api-key');
    },
  );
});
