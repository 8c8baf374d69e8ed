import { opcoIds } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, conventionOf, formCall } from '../support/norm-bodies.js';
import { clientOf, controlOf, NormClient, type NormCall } from '../support/norm-client.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec' })));
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.world.reset('spec'));

const deposit: NormCall = { route: 'POST v2/dossiers', json: { cerfa: aCerfa() } };
const status: NormCall = { route: 'GET v1/status' };
const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const loggedIn = () => clientOf(sandbox, 'akto');

describe('faults', () => {
  const commits = () => sandbox.world.ledger.read({ committed: true }).length;
  const strike = (fault: object) =>
    control('faults', [{ opcoId: 'akto', method: 'POST', path: '/v2/dossiers', times: 1, ...fault }]);

  it.each([
    ['reset-before-read', {}, 0],
    ['commit-then-reset', {}, 1],
    ['truncate', {}, 1],
  ])('%s cuts the line', async (kind, more, effects) => {
    const client = await loggedIn();
    await strike({ kind, ...more });
    await expect(client.send(deposit)).rejects.toThrow();
    expect(commits()).toBe(effects);
    expect(sandbox.world.ledger.read({}).at(-1)).toMatchObject({ status: 0, decision: kind });
    expect((await client.send(deposit)).status).toBe(200);
  });

  it.each([
    ['status', 0],
    ['commit-then-status', 1],
  ])('%s answers what it is told', async (kind, effects) => {
    const client = await loggedIn();
    await strike({ kind, status: 503, retryAfterSeconds: 7, body: { message: 'panne' } });
    expect(await client.send(deposit)).toMatchObject({
      status: 503,
      body: { message: 'panne' },
      headers: { 'retry-after': '7' },
    });
    expect(commits()).toBe(effects);
  });

  it('hold commits at once and answers late; stopping does not wait for it', async () => {
    const own = await startSandbox({ port: 0 });
    const client = new NormClient('akto', own.url);
    await client.login();
    own.world.faults.arm([{ kind: 'hold', ms: 600_000, method: 'POST', path: '/v2/dossiers' }]);
    const held = client.send(deposit);
    const cut = expect(held).rejects.toThrow();
    await new Promise<void>((resolve) => {
      const look = () => (own.world.ledger.read({ committed: true }).length === 1 ? resolve() : setImmediate(look));
      look();
    });
    await own.stop();
    await cut;
    expect(await own.world.pause(600_000)).toBe(false);
  });

  it('expire-token refuses this call and the token with it', async () => {
    const client = await loggedIn();
    await control('faults', [{ kind: 'expire-token', times: 1 }]);
    expect((await client.send(status)).status).toBe(401);
    expect((await client.send(status)).status).toBe(401);
    await client.login();
    expect((await client.send(status)).status).toBe(200);
  });

  it('latency lets the call pass in the end', async () => {
    const client = await loggedIn();
    await strike({ kind: 'latency', ms: 5 });
    expect((await client.send(deposit)).status).toBe(200);
  });
});

describe('control', () => {
  it('gives the same numbers and lives again under the same seed, and others under another', async () => {
    const client = await loggedIn();
    const numbers = async (seed: string) => {
      await control('reset', { seed });
      await control('clock', { set: '2026-09-01T00:00:00Z', speed: 0 });
      await control('seed', { opcoId: 'akto', apiKey: 'sandbox-cfa-key-akto', dossiers: 30 });
      const { body } = await client.send({ route: 'GET v2/dossiers/etats', query: { numeroPage: '1' } });
      return body as { EtatDossierResult: { etat: string }[] };
    };
    const first = await numbers('a');
    expect(await numbers('a')).toEqual(first);
    expect(await numbers('b')).not.toEqual(first);
    expect(new Set(first.EtatDossierResult.map(({ etat }) => etat)).size).toBeGreaterThan(2);
  });

  it('keeps no key, no token, no name and no body in the ledger', async () => {
    const client = await clientOf(sandbox, 'opco-ep');
    const { body } = await client.send({ ...deposit, route: 'POST v1/dossiers' });
    await client.send(formCall('POST v1/conventions', 'convention', conventionOf(body.numeroInterne)));
    const text = JSON.stringify(await control('ledger?opcoId=opco-ep'));
    expect(text).toContain('"type":"dossier"');
    expect(text).toContain('"type":"convention"');
    for (const secret of ['sandbox-cfa-key', 'sandbox-secret', '20705', 'Martin', 'piece.pdf'])
      expect(text).not.toContain(secret);
  });

  it('plays all eleven, and says what each of them serves', async () => {
    expect(Object.keys((await control('capabilities')) as object)).toEqual([...opcoIds]);
  });

  it.each([
    ['clock', { speed: -1 }],
    ['clock', { set: 'hier' }],
    ['clock', { set: 1e18 }],
    ['clock', { set: -1 }],
    ['cfas', { opcoId: 'nobody', apiKey: 'x' }],
    ['cfas', { opcoId: 'akto', apiKey: 'x', dateFinValidite: 'hier' }],
    ['capabilities', { opcoId: 'akto', capability: 'depositCertificat' }],
    ['etat-facture', { opcoId: 'akto', apiKey: 'sandbox-cfa-key-akto', numeroInterneFacture: '1', etatFacture: 'X' }],
    ['seed', { opcoId: 'akto', apiKey: 'unknown', dossiers: 1 }],
    ['faults', [{ kind: 'explode' }]],
  ])('refuses a senseless %s call: %j', async (path, body) => {
    const response = await fetch(`${sandbox.url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
    expect(response.status).toBe(400);
  });

  it('answers 404 to an OPCO that nobody plays, and writes it down', async () => {
    expect((await fetch(`${sandbox.url}/nobody/v1/status`)).status).toBe(404);
    expect((await fetch(`${sandbox.url}/favicon.ico`)).status).toBe(404);
    expect(sandbox.world.ledger.read({}).map(({ decision }) => decision)).toEqual(['stray', 'stray']);
  });
});
