import { createHash } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import type { Dossier } from '../../src/core/contract/dossier.js';
import type { EtatsUpstreamPage } from '../../src/core/contract/etats.js';
import type { OpcoAdapter } from '../../src/core/endpoint.js';
import { adapters } from '../../src/opco/adapters.js';
import { afdas } from '../../src/opco/afdas/adapter.js';
import { akto } from '../../src/opco/akto/adapter.js';
import { opcoEp } from '../../src/opco/opco-ep/adapter.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { answered, clientOf, controlOf, NormClient } from '../support/norm-client.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec' })));
afterAll(() => sandbox.stop());
beforeEach(() => sandbox.world.reset('spec'));

const deposit = { query: {}, body: { cerfa: exampleCerfa() } };
const days = (count: number) => sandbox.world.virtual.advance(count * 86_400);

const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const loggedIn = (adapter: OpcoAdapter) => clientOf(sandbox, adapter);

const etatsQuestion = (adapter: OpcoAdapter) => ({ query: adapter.paging.kind === 'pages' ? { numeroPage: 1 } : {} });

describe.each(adapters.map((adapter) => [adapter.id, adapter] as const))('%s', (_id, adapter) => {
  it('takes a contract, instructs it and engages it under the virtual clock', async () => {
    const client = await loggedIn(adapter);
    const { numeroInterne } = await answered<{ numeroInterne: string }>(client, adapter, ['depositDossier', deposit]);
    const read = () => answered<Dossier>(client, adapter, ['dossier', { query: { numeroInterne } }]);

    const fresh = await read();
    expect(fresh.cerfa).toMatchObject({
      numeroInterne,
      etat: 'TRANSMIS',
      employeur: exampleCerfa().employeur,
      apprenti: exampleCerfa().apprenti,
    });
    expect(fresh).toMatchObject({ engagement: null, echeances: null });

    const seen = new Set<string>();
    for (let day = 0; day < 7; day += 1) {
      seen.add((await read()).cerfa.etat);
      days(1);
    }
    expect([...seen].slice(0, 2)).toEqual(['TRANSMIS', 'EN_COURS_INSTRUCTION']);
    const page = await answered<EtatsUpstreamPage>(client, adapter, ['etats', etatsQuestion(adapter)]);
    expect(page).toMatchObject({ total: 1, page: 1, data: [{ numeroInterne, etat: [...seen][2] }] });
    expect(['ENGAGE', 'REFUSE']).toContain([...seen][2]);
  });

  it('shows a schedule that adds up to the engagement', async () => {
    const client = await loggedIn(adapter);
    await control('seed', { opcoId: adapter.id, apiKey: `sandbox-cfa-key-${adapter.id}`, dossiers: 20 });
    days(30);
    const { data } = await answered<EtatsUpstreamPage>(client, adapter, ['etats', etatsQuestion(adapter)]);
    const engage = data.find(({ etat }) => etat === 'ENGAGE');
    const dossier = await answered<Dossier>(client, adapter, [
      'dossier',
      { query: { numeroInterne: engage?.numeroInterne ?? '' } },
    ]);
    const cents = (dossier.echeances ?? []).reduce(
      (sum, { montantTotal }) => sum + Math.round((montantTotal ?? 0) * 100),
      0,
    );
    expect(cents).toBe(Math.round((dossier.engagement ?? 0) * 100));
    expect(cents).toBeGreaterThan(0);
  });

  it('takes a document and keeps its digest', async () => {
    const client = await loggedIn(adapter);
    const { numeroInterne } = await answered<{ numeroInterne: string }>(client, adapter, ['depositDossier', deposit]);
    const content = Buffer.from('%PDF-1.4\n\r\n--x\r\n\0\xff', 'latin1');
    const body = {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: numeroInterne }],
      _files: { convention: content.toString('base64') },
    };
    await answered(client, adapter, ['depositDocument', { query: {}, body }]);
    const lines = sandbox.world.ledger.read({ committed: true });
    expect(lines.map(({ committed }) => committed?.type)).toEqual(['dossier', 'document']);
    expect(lines[1]?.committed?.fichier).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it('answers its status', async () => {
    const status = await answered(await loggedIn(adapter), adapter, ['status', { query: {} }]);
    expect(status).toMatchObject({ status: 'healthy', supportedVersions: adapter.normVersions });
  });

  it('refuses a bad contract in words that the adapter can read', async () => {
    const client = await loggedIn(adapter);
    const { response } = await client.ask('depositDossier', {
      query: {},
      body: { cerfa: { ...exampleCerfa(), contrat: null } },
    });
    expect(response.status).toBe(400);
    expect(adapter.refusal(response).message).toBe('Le bloc contrat est obligatoire.');
    expect(sandbox.world.ledger.read({ committed: true })).toEqual([]);
  });

  it('refuses a date without time and zone, whatever our own words are', async () => {
    const client = await loggedIn(adapter);
    const response = await client.send({
      method: 'POST',
      segments: ['v1', 'dossiers'],
      query: {},
      body: { kind: 'json', value: deposit.body },
    });
    expect(response.status).toBe(400);
    expect(adapter.refusal(response).message).toContain('date avec heure et fuseau');
  });

  it('says "not found" in its own way', async () => {
    const { response } = await (await loggedIn(adapter)).ask('dossier', { query: { numeroInterne: 'nope' } });
    expect(response.status).toBe(adapter === opcoEp ? 400 : 404);
    expect(adapter.endpoints.dossier?.isNotFound?.(response)).toBe(true);
  });

  it('hides the dossiers of one CFA from another', async () => {
    const client = await loggedIn(adapter);
    const { numeroInterne } = await answered<{ numeroInterne: string }>(client, adapter, ['depositDossier', deposit]);
    await control('cfas', { opcoId: adapter.id, apiKey: 'another-key' });
    const foreign = await client.ask('dossier', { query: { numeroInterne } }, { apiKey: 'another-key' });
    const unknown = await client.ask('dossier', { query: { numeroInterne: 'nope' } }, { apiKey: 'another-key' });
    expect(foreign.response.status).toBe(unknown.response.status);
    const etats = await client.ask('etats', etatsQuestion(adapter), { apiKey: 'another-key' });
    expect(etats.answer).toMatchObject({ total: 0, data: [] });
  });

  it('demands token, the three headers and a known key', async () => {
    const client = await loggedIn(adapter);
    const status = async (bend: Parameters<NormClient['ask']>[2]) =>
      (await client.ask('status', { query: {} }, bend)).response.status;
    expect(await status({ without: 'Authorization' })).toBe(401);
    expect(await status({ headers: { Authorization: `${adapter.auth.dpop ? 'DPoP' : 'Bearer'} nope` } })).toBe(401);
    for (const name of ['EDITEUR', 'LOGICIEL', 'VERSION']) expect(await status({ without: name })).toBe(400);
    expect(await status({ without: 'X-API-KEY' })).toBe(403);
    expect(await status({ apiKey: 'unknown' })).toBe(403);
  });

  it('gives no token to a wrong secret or a wrong scope', async () => {
    const client = new NormClient(adapter, sandbox.url);
    expect((await client.login({ client_secret: 'wrong' })).status).toBe(401);
    expect((await client.login({ scope: 'everything' })).status).toBe(400);
    expect((await client.login({ grant_type: 'password' })).status).toBe(400);
  });

  it('answers 429 with the wait once the quota is used up', async () => {
    const client = await loggedIn(adapter);
    await control('quotas', { opcoId: adapter.id, limit: 1, windowMs: 60_000 });
    const first = await client.ask('status', { query: {} });
    const second = await client.ask('status', { query: {} });
    expect([first.response.status, second.response.status]).toEqual([200, 429]);
    expect(Number(second.response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(adapter.refusal(second.response).message).toBe('Limite de requêtes atteinte.');
  });
});

describe('akto', () => {
  it('pages its states by a hundred, dirty as it is', async () => {
    const client = await loggedIn(akto);
    await control('seed', { opcoId: 'akto', apiKey: 'sandbox-cfa-key-akto', dossiers: 205 });
    const page = (numeroPage: number) =>
      answered<EtatsUpstreamPage>(client, akto, ['etats', { query: { numeroPage } }]);
    const pages = [await page(1), await page(2), await page(3), await page(4)];
    expect(pages.map(({ data, total }) => [data.length, total])).toEqual([
      [100, 205],
      [100, 205],
      [5, 205],
      [0, 205],
    ]);
    expect(new Set(pages.flatMap(({ data }) => data.map(({ numeroInterne }) => numeroInterne))).size).toBe(205);
    const numeroInterne = pages[0]?.data[0]?.numeroInterne ?? '';
    await control('etat', {
      opcoId: 'akto',
      apiKey: 'sandbox-cfa-key-akto',
      numeroInterne,
      etat: 'RUPTURE',
      commentaireEtat: 'rompu',
    });
    expect((await page(1)).data[0]).toMatchObject({ etat: 'RUPTURE', commentaireEtat: 'rompu' });
  });
});

describe('opco-ep', () => {
  it('has no V2 yet', async () => {
    const client = await loggedIn(opcoEp);
    expect((await client.send({ method: 'GET', segments: ['v2', 'dossiers', 'etats'], query: {} })).status).toBe(404);
  });
});

describe('afdas', () => {
  it('binds the token to the key of the proof', async () => {
    const client = new NormClient(afdas, sandbox.url);
    const body = (await (await client.login()).json()) as { token_type: string; cnf: { jkt: string } };
    expect(body).toMatchObject({ token_type: 'DPoP', cnf: { jkt: await client.jkt() } });
    await client.changeKeys();
    expect((await client.ask('status', { query: {} })).response.status).toBe(401);
  });

  it('refuses a proof that is absent, replayed, or for another call', async () => {
    const client = await loggedIn(afdas);
    const url = `${client.base}/v1/status`;
    const { DPoP: proof = '' } = await client.headers('GET', url);
    const ath = (JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()) as { ath: string }).ath;
    const status = async (DPoP: string) =>
      (await client.ask('status', { query: {} }, { headers: { DPoP } })).response.status;
    expect(await status(proof)).toBe(200);
    expect(await status(proof)).toBe(401);
    expect(await status('')).toBe(401);
    expect(await status(await client.proof('POST', url, { ath }))).toBe(401);
    expect(await status(await client.proof('GET', `${client.base}/v1/dossiers`, { ath }))).toBe(401);
    expect(await status(await client.proof('GET', url, { ath: 'other' }))).toBe(401);
    expect(await status(await client.proof('GET', url, { ath, iat: Math.floor(Date.now() / 1000) - 3600 }))).toBe(401);
    expect(
      (await client.ask('status', { query: {} }, { headers: { Authorization: 'Bearer x' } })).response.status,
    ).toBe(401);
  });
});
