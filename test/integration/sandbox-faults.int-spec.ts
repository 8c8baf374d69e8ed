import { once } from 'node:events';
import { connect } from 'node:net';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa } from '../support/norm-bodies.js';
import { clientOf, controlOf, NormClient, type NormCall } from '../support/norm-client.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec', speed: 0 })));
afterAll(() => sandbox.stop());
beforeEach(() => {
  sandbox.world.reset('spec');
  sandbox.world.quotas.set('akto', { limit: 10_000, windowMs: 1000 });
});

const apiKey = 'sandbox-cfa-key-akto';
const deposit = (rank = 0): NormCall => ({ route: 'POST v2/dossiers', json: { cerfa: aCerfa({ rank }) } });
const page = (numeroPage: number): NormCall => ({
  route: 'GET v2/dossiers/etats',
  query: { numeroPage: String(numeroPage) },
});
const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const arm = (fault: object) => control('faults', { opcoId: 'akto', times: 1, ...fault });
const lines = () => sandbox.world.ledger.read({}).filter(({ route }) => route !== 'token');
const loggedIn = () => clientOf(sandbox, 'akto');

/** One deposit by hand; what came back until the line ended, and how it ended. */
async function byHand(client: NormClient, sent: number): Promise<{ text: string; error: string | undefined }> {
  const { hostname, port } = new URL(sandbox.url);
  const headers = await client.headers('POST', `${client.base}/v2/dossiers`);
  const body = JSON.stringify({ cerfa: aCerfa() });
  const head = [
    'POST /akto/v2/dossiers HTTP/1.1',
    `Host: ${hostname}`,
    'Content-Type: application/json',
    `X-API-KEY: ${apiKey}`,
  ];
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(Number(port), hostname);
  let [text, error]: [string, string | undefined] = ['', undefined];
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', (failure: NodeJS.ErrnoException) => (error = failure.code));
  socket.write(
    `${[...head, ...more, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body.slice(0, sent * body.length)}`,
  );
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, error };
}

describe('a request that a fault kept from the OPCO', () => {
  it.each(['429(1)', 'status(503)', 'commit-late(0)', 'reset-before-read', 'rst-half-read'])(
    '%s: stands in the ledger under its CFA all the same, and counts in the windows of its key',
    async (word) => {
      const client = await loggedIn();
      await control('faults', { route: 'depositDossier', script: [word] });
      await client.send(deposit()).catch(() => undefined);
      const [line] = lines();
      expect(line?.cfa).toBe(sandbox.world.cfa('akto', apiKey)?.fingerprint);
      const window = { opcoId: 'akto', limit: 0, windowMs: 60_000, perKey: true };
      expect(await control('invariants', { windows: [window] })).toMatchObject({
        windows: [{ cfa: line?.cfa, most: 1 }],
      });
    },
  );
});

describe('a commit that comes late', () => {
  it('does not come at all into a world that was reset meanwhile', async () => {
    const client = await loggedIn();
    await control('faults', { route: 'depositDossier', script: ['commit-late(40)'] });
    expect((await client.send(deposit(0))).status).toBe(504);
    await control('reset', { seed: 'spec' });
    await control('faults', { route: 'depositDossier', script: ['commit-late(120)'] });
    expect((await client.send(deposit(1))).status).toBe(504);
    // The second is the signal: the first was due long before it.
    while (lines().every(({ late }) => late === undefined)) await sandbox.world.pause(5);
    expect(lines().map(({ seq, late }) => [seq, late])).toEqual([
      [1, undefined],
      [2, 1],
    ]);
    expect(sandbox.world.cfa('akto', apiKey)?.dossiers.size).toBe(1);
  });
});

describe('a script', () => {
  it('plays its words to one request after the other, and the ledger tells each', async () => {
    const client = await loggedIn();
    await control('faults', {
      route: 'depositDossier',
      script: ['ok', 'commit+502', '429(3)', 'reject(422, DOUBLON, Déjà là)', '501', 'commit+invalid'],
    });
    const said: unknown[] = [];
    for (const rank of [0, 1, 2, 3, 4]) {
      const { status, headers } = await client.send(deposit(rank));
      said.push([status, headers['retry-after']]);
    }
    expect(said).toEqual([
      [200, undefined],
      [502, undefined],
      [429, '3'],
      [422, undefined],
      [501, undefined],
    ]);
    await expect(client.send(deposit(5))).rejects.toThrow(SyntaxError);
    expect(lines().map(({ fault, committed, status }) => [fault, committed?.type, status])).toEqual([
      ['ok', 'dossier', 200],
      ['commit+502', 'dossier', 502],
      ['429', undefined, 429],
      ['reject', undefined, 422],
      ['501', undefined, 501],
      ['commit+invalid', 'dossier', 200],
    ]);
  });

  it('words a refusal as the OPCO does', async () => {
    const client = await clientOf(sandbox, 'opco-ep');
    await control('faults', { opcoId: 'opco-ep', script: ['reject(400, X, Non)'] });
    expect(await client.send({ route: 'GET v1/status' })).toMatchObject({
      status: 400,
      body: { errors: null, comment: 'Non' },
    });
  });
});

describe('on the wire', () => {
  it('rst-half-read resets in the middle of the body, without effect', async () => {
    const client = await loggedIn();
    await arm({ kind: 'rst-half-read' });
    expect(await byHand(client, 0.9)).toEqual({ text: '', error: 'ECONNRESET' });
    expect(lines()).toMatchObject([{ status: 0, decision: 'rst-half-read', committed: null }]);
  });

  it('commit+rst resets after the effect', async () => {
    const client = await loggedIn();
    await arm({ kind: 'commit+rst' });
    expect(await byHand(client, 1)).toEqual({ text: '', error: 'ECONNRESET' });
    expect(lines()).toMatchObject([{ status: 0, decision: 'commit+rst', committed: { type: 'dossier' } }]);
  });

  it('commit+slow-drip gives the whole answer, a few bytes at a time', async () => {
    const client = await loggedIn();
    await arm({ kind: 'commit+slow-drip', ms: 1, octets: 10 });
    expect((await client.send(deposit())).body).toMatchObject({ numeroInterne: expect.any(Number) as number });
  });

  it('commit-late answers 504 and commits afterwards, on a line that names the first', async () => {
    const client = await loggedIn();
    await arm({ kind: 'commit-late', ms: 20 });
    expect((await client.send(deposit())).status).toBe(504);
    await new Promise<void>((resolve) => {
      const look = () => (sandbox.world.ledger.read({ committed: true }).length > 0 ? resolve() : setImmediate(look));
      look();
    });
    const [first, late] = lines();
    expect(first).toMatchObject({ status: 504, committed: null });
    expect(late).toMatchObject({ status: 0, late: first?.seq, committed: { type: 'dossier' }, body: first?.body });
  });

  it('an outage of one OPCO resets it until its virtual end, and leaves the others alone', async () => {
    const [client, other] = [await loggedIn(), await clientOf(sandbox, 'atlas')];
    await control('clock', { set: '2026-09-01T00:00:00Z' });
    await control('faults', { opcoId: 'akto', kind: 'outage', until: '2026-09-02T00:00:00Z' });
    await expect(client.send({ route: 'GET v1/status' })).rejects.toThrow();
    await expect(client.login()).rejects.toThrow();
    expect((await other.send({ route: 'GET v1/status' })).status).toBe(200);
    await control('clock', { advanceSeconds: 86_400 });
    expect((await client.send({ route: 'GET v1/status' })).status).toBe(200);
  });

  it('an outage of the machine refuses connections, then listens again on the same port', async () => {
    const own = await startSandbox({ port: 0 });
    await controlOf(own, 'outage', { ms: 300 });
    const { port } = new URL(own.url);
    const attempt = async () => {
      const socket = connect(Number(port), '127.0.0.1');
      try {
        await once(socket, 'connect');
        return 'connected';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      } finally {
        socket.destroy();
      }
    };
    const seen = new Set<string | undefined>();
    while (!seen.has('ECONNREFUSED')) seen.add(await attempt());
    while ((await attempt()) !== 'connected') seen.add('waited');
    expect(await controlOf(own, 'health')).toMatchObject({ status: 'ok' });
    await own.stop();
  });

  it('stopping does not wait for an outage to end', async () => {
    const own = await startSandbox({ port: 0 });
    await controlOf(own, 'outage', { ms: 600_000 });
    await own.stop();
  });
});

describe('the token endpoint', () => {
  it.each([
    ['status(503)', 503],
    ['429(1)', 429],
  ])('%s strikes it by the name token', async (word, status) => {
    await control('faults', { route: 'token', script: [word] });
    expect((await new NormClient('akto', sandbox.url).login()).status).toBe(status);
    expect((await new NormClient('akto', sandbox.url).login()).status).toBe(200);
  });

  it('token-revoked in the middle of a run ends the token', async () => {
    const client = await loggedIn();
    await control('faults', { route: 'etats', script: ['ok', 'token-revoked'] });
    expect([
      (await client.send(page(1))).status,
      (await client.send(page(2))).status,
      (await client.send(page(2))).status,
    ]).toEqual([200, 401, 401]);
    await client.login();
    expect((await client.send(page(2))).status).toBe(200);
  });
});

describe('whom they strike', () => {
  it('one CFA, and not the other at the same OPCO', async () => {
    const { cfa } = (await control('cfas', { opcoId: 'akto', apiKey: 'other' })) as { cfa: string };
    await control('faults', { cfa, kind: 'status', status: 503 });
    const client = await loggedIn();
    const asked = (key: string) => client.send({ route: 'GET v1/status', apiKey: key });
    expect([(await asked('other')).status, (await asked(apiKey)).status]).toEqual([503, 200]);
  });

  it('are listed, taken away one by one, and explained when they make no sense', async () => {
    const { ids } = (await control('faults', [{ kind: 'ok' }, { kind: '501' }])) as { ids: number[] };
    await fetch(`${sandbox.url}/_sandbox/faults/${ids[0]}`, { method: 'DELETE' });
    expect(await control('faults')).toMatchObject([{ id: ids[1], left: null, struck: 0 }]);
    await expect(control('faults', { kind: 'explode' })).rejects.toThrow(/no fault; known: .*hold/);
    await expect(control('faults', { kind: 'ok', opcoId: 'nobody' })).rejects.toThrow(/opcoId/);
    expect((await fetch(`${sandbox.url}/_sandbox/faults/99`, { method: 'DELETE' })).status).toBe(400);
  });

  it('a latency that varies delays each request by what the seed says', async () => {
    const client = await loggedIn();
    await control('faults', { kind: 'latency', distribution: { kind: 'uniform', min: 1, max: 9 } });
    expect((await client.send(page(1))).status).toBe(200);
    expect(lines().at(-1)).toMatchObject({ fault: 'latency', status: 200 });
  });
});
