import { request } from 'node:http';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, conventionOf, pdf } from '../support/norm-bodies.js';
import { clientOf, controlOf, type NormClient } from '../support/norm-client.js';

const folder = mkdtempSync(join(tmpdir(), 'opcovia-ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A form whose bytes are the same each time: `FormData` draws its boundary. */
const steadyForm = (json: unknown) =>
  Buffer.concat([
    Buffer.from(
      `--steady\r\ncontent-disposition: form-data; name="convention"\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(json)}\r\n--steady\r\ncontent-disposition: form-data; name="fichier"; filename="${pdf.name}"\r\n\r\n`,
    ),
    pdf.content,
    Buffer.from('\r\n--steady--\r\n'),
  ]);

async function depositConvention(client: NormClient, numeroInterne: string): Promise<number> {
  const url = `${client.base}/v1/conventions`;
  const headers = await client.headers('POST', url);
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      'x-api-key': 'sandbox-cfa-key-opco-ep',
      'content-type': 'multipart/form-data; boundary=steady',
    },
    body: new Uint8Array(steadyForm(conventionOf(numeroInterne))),
  });
  return answer.status;
}

/** The same requests, one after the other, with faults that the seed decides. */
async function journey(sandbox: Sandbox): Promise<void> {
  const client = await clientOf(sandbox, 'opco-ep');
  await controlOf(sandbox, 'clock', { set: '2026-09-01T08:00:00Z', speed: 0 });
  await controlOf(sandbox, 'seed', { opcoId: 'opco-ep', apiKey: 'sandbox-cfa-key-opco-ep', dossiers: 20 });
  await controlOf(sandbox, 'faults', { route: 'depositDossier', kind: 'commit+502', probability: 0.5 });
  for (let rank = 0; rank < 12; rank += 1) {
    const { status, body } = await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa({ rank }) } });
    if (status === 200) expect(await depositConvention(client, String(body.numeroInterne))).toBe(200);
    await client.send({ route: 'GET v1/dossiers/etats' });
    await controlOf(sandbox, 'clock', { advanceSeconds: 86_400 });
  }
}

async function history(seed: string, name: string): Promise<string> {
  const ledgerFile = join(folder, name);
  const sandbox = await startSandbox({ port: 0, seed, speed: 0, ledgerFile });
  // The first request, the token, comes before the clock is set: it too must not tell real time.
  await controlOf(sandbox, 'clock', { set: '2026-09-01T08:00:00Z', speed: 0 });
  await journey(sandbox);
  await sandbox.stop();
  return readFileSync(ledgerFile, 'utf8').replace(/"time":"[^"]*",/g, '');
}

describe('the same seed and the same requests', () => {
  it('give the same ledger to the byte, real time aside; another seed gives another', async () => {
    const first = await history('a', 'first');
    expect(first.split('\n').length).toBeGreaterThan(30);
    expect(first).toContain('"fault":"commit+502"');
    expect(await history('a', 'second')).toBe(first);
    expect(await history('b', 'third')).not.toBe(first);
  });

  it('give it again after a reset of the same sandbox', async () => {
    const sandbox = await startSandbox({ port: 0, seed: 'a', speed: 0 });
    const told = async () => {
      sandbox.world.reset('a');
      await controlOf(sandbox, 'clock', { set: '2026-09-01T08:00:00Z' });
      await journey(sandbox);
      return sandbox.world.ledger.read({}).map(({ time: _time, ...line }) => line);
    };
    const first = await told();
    expect(first.length).toBeGreaterThan(30);
    expect(await told()).toEqual(first);
    await sandbox.stop();
  });
});

describe('reading the ledger', () => {
  let sandbox: Sandbox;
  let client: NormClient;
  beforeAll(async () => {
    sandbox = await startSandbox({ port: 0, ledgerFile: join(folder, 'read') });
    client = await clientOf(sandbox, 'akto');
    for (const rank of [0, 0, 1]) await client.send({ route: 'POST v2/dossiers', json: { cerfa: aCerfa({ rank }) } });
    await client.send({ route: 'GET v2/dossiers/etats', apiKey: 'nobody' });
  });
  afterAll(() => sandbox.stop());
  const read = async (query: string) => (await controlOf(sandbox, `ledger?${query}`)) as { seq: number }[];

  it('goes by cursor to its end', async () => {
    const seen: number[] = [];
    for (let after = 0; ;) {
      const part = await read(`limit=2&after=${after}`);
      if (part.length === 0) break;
      expect(part.length).toBeLessThanOrEqual(2);
      seen.push(...part.map(({ seq }) => seq));
      after = seen.at(-1) ?? 0;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['route=depositDossier', 3],
    ['committed=true', 3],
    ['status=403', 1],
    ['decision=token', 1],
    ['opcoId=atlas', 0],
    ['faulty=true', 0],
  ])('filters by %s', async (query, count) => expect(await read(query)).toHaveLength(count));

  it.each(['oups=1', 'after=-1', 'committed=oui'])('refuses %s', async (query) => {
    await expect(read(query)).rejects.toThrow('400');
  });

  it('finds the contract that took effect twice, and an effect that never was', async () => {
    expect(await controlOf(sandbox, 'invariants')).toMatchObject({
      ok: false,
      effects: 3,
      doubles: [{ opcoId: 'akto', type: 'dossier', seqs: [2, 3] }],
    });
    const lost = { opcoId: 'akto', type: 'dossier', numeroInterne: '1' };
    expect(await controlOf(sandbox, 'invariants', { expected: [lost] })).toMatchObject({ losses: [lost] });
    expect(await controlOf(sandbox, 'invariants?limit=3&windowMs=60000&opcoId=akto')).toMatchObject({
      windows: [{ most: 4 }],
    });
    expect(await controlOf(sandbox, 'invariants?limit=4&windowMs=60000')).toMatchObject({ windows: [] });
    await expect(controlOf(sandbox, 'invariants', { expected: [{ opcoId: 'akto' }] })).rejects.toThrow(/expected.0/);
  });

  it('the file alone can be judged from the command line', async () => {
    const path = join(folder, 'judged');
    writeFileSync(path, (await read('')).map((line) => `${JSON.stringify(line)}\n`).join('') + '{"seq":6,"cut');
    const check = (...words: string[]) =>
      spawnSync(process.execPath, ['dist/src/main.sandbox.js', 'check', ...words], { encoding: 'utf8' });
    const found = check(path, '--window', 'akto:3:60000');
    expect(found.status).toBe(2);
    expect(JSON.parse(found.stdout)).toMatchObject({ lines: 5, doubles: [{ seqs: [2, 3] }], windows: [{ most: 4 }] });
    writeFileSync(path, '');
    expect(check(path).status).toBe(0);
    expect(check().stderr).toContain('check <ledger file>');
  });
});

describe('the door of the control API', () => {
  const asked = (sandbox: Sandbox, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const url = new URL(`${sandbox.url}/_sandbox/clock`);
      request(url, { headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });

  it('is closed to pages of other origins and to other names of this machine, unless it is told to open', async () => {
    const closed = await startSandbox({ port: 0 });
    const open = await startSandbox({ port: 0, door: 'anybody' });
    const { host } = new URL(closed.url);
    expect(await asked(closed, {})).toBe(200);
    expect(await asked(closed, { origin: `http://${host}` })).toBe(200);
    expect(await asked(closed, { origin: 'http://example.test' })).toBe(403);
    expect(await asked(closed, { host: 'rebound.example.test' })).toBe(403);
    expect(await asked(open, { host: 'sandbox.example.test' })).toBe(200);
    expect(await asked(open, { origin: 'http://example.test' })).toBe(403);
    await Promise.all([closed.stop(), open.stop()]);
  });
});
