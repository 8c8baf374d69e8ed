import { opcoIds, type OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, siretCfa } from '../support/norm-bodies.js';
import { clientOf, controlOf, NormClient, type NormCall } from '../support/norm-client.js';
import { freshMorning, opcosV2, opcosWithDossiers, refusalOf, withDossier } from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec' })));
afterAll(() => sandbox.stop());
beforeEach(() => freshMorning(sandbox));

const days = (count: number) => sandbox.world.virtual.advance(count * 86_400);
const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);
const demoKey = (opcoId: OpcoId) => `sandbox-cfa-key-${opcoId}`;
const read = (client: NormClient, numeroInterne: string, route = 'GET v1/dossiers') =>
  client.send({ route, query: { numeroInterne } });

describe.each(opcosWithDossiers)('%s, reading', (opcoId) => {
  it('takes a contract, instructs it and engages or refuses it under the virtual clock', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const { body: fresh } = await read(client, numeroInterne);
    const { sexe, ...apprenti } = aCerfa()['apprenti'] as { sexe: string };
    expect(fresh.cerfa).toMatchObject({ etat: 'TRANSMIS', employeur: aCerfa()['employeur'], apprenti });
    expect(fresh.cerfa.apprenti.sexe).toBe(opcoId === 'akto' ? 2 : sexe);
    expect(fresh.cerfa.numeroInterne).toBe(opcoId === 'akto' ? Number(numeroInterne) : numeroInterne);
    expect(fresh.cerfa.numeroDeca).toMatch(/^075202609NC\d{4}$/);
    expect(fresh).toMatchObject({ engagement: null, echeances: null, detailsFacturation: null });
    const seen = new Set<string>();
    for (let day = 0; day < 21; day += 1) {
      seen.add(String((await read(client, numeroInterne)).body.cerfa.etat));
      days(1);
    }
    expect([...seen].slice(0, 2)).toEqual(['TRANSMIS', 'EN_COURS_INSTRUCTION']);
    expect(['ENGAGE', 'REFUSE', 'ANNULE']).toContain([...seen][2]);
    const { body: whole } = await client.send({ route: 'GET v1/dossiers/etats' });
    expect(whole).toMatchObject([{ numeroDeca: fresh.cerfa.numeroDeca, etat: [...seen].at(-1) }]);
  });

  it('shows a schedule that adds up to the engagement, in dates with time and zone', async () => {
    const client = await clientOf(sandbox, opcoId);
    await control('seed', { opcoId, apiKey: demoKey(opcoId), dossiers: 20 });
    days(30);
    const { body: etats } = await client.send({ route: 'GET v1/dossiers/etats' });
    const engage = (etats as { etat: string; numeroInterne: string | number }[]).find(({ etat }) => etat === 'ENGAGE');
    const { body } = await read(client, String(engage?.numeroInterne));
    const echeances = body.echeances as { montantTotal: number; codification: string; dateOuverture: string }[];
    const cents = echeances.reduce((sum, { montantTotal }) => sum + Math.round(montantTotal * 100), 0);
    expect(cents).toBe(Math.round(body.engagement * 100));
    expect(cents).toBeGreaterThan(0);
    expect(echeances.at(-1)?.codification).toBe('99');
    for (const { dateOuverture } of echeances) expect(dateOuverture).toMatch(/T00:00:00(Z|\+0[012]:00)$/);
    expect(body.echeances[0]).toMatchObject({ siretCfa, montantRegle: 0, montantEnCoursInstruction: 0 });
    expect(body.detailsFacturation).toMatchObject({ plafondFraisPremierEquipement: 500 });
  });

  it('lists several dossiers by their numbers, without those that it does not know', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    const liste = (numerosInternes: string) =>
      client.send({ route: 'GET v1/dossiers/liste', query: { numerosInternes } });
    const { body } = await liste(`nope,${numeroInterne}`);
    expect(body).toHaveLength(1);
    expect(String(body[0].cerfa.numeroInterne)).toBe(numeroInterne);
    expect((await liste('nope')).body).toEqual([]);
    expect((await client.send({ route: 'GET v1/dossiers/liste' })).status).toBe(400);
  });

  it('says "not found" in its own way, of a foreign dossier as of none', async () => {
    const { client, numeroInterne } = await withDossier(sandbox, opcoId);
    await control('cfas', { opcoId, apiKey: 'another-key' });
    const unknown = await read(client, 'nope');
    expect(unknown.status).toBe(opcoId === 'opco-ep' ? 400 : 404);
    expect(refusalOf(client, unknown)).toContain('Aucun dossier');
    const foreign = await client.send({ route: 'GET v1/dossiers', query: { numeroInterne }, apiKey: 'another-key' });
    expect(foreign).toMatchObject({ status: unknown.status, body: unknown.body });
    const etats = await client.send({ route: 'GET v1/dossiers/etats', apiKey: 'another-key' });
    expect(etats.body).toEqual([]);
  });
});

describe.each(opcoIds)('%s, at its door', (opcoId) => {
  it('answers its status', async () => {
    const { body } = await (await clientOf(sandbox, opcoId)).send({ route: 'GET v1/status' });
    expect(body).toMatchObject({
      status: 'healthy',
      supportedVersions: opcosV2.includes(opcoId) ? ['1.0', '2.0'] : ['1.0'],
    });
  });

  it('demands token, the three headers and a known key', async () => {
    const client = await clientOf(sandbox, opcoId);
    const status = async (bend: Partial<NormCall>) => (await client.send({ route: 'GET v1/status', ...bend })).status;
    expect(await status({ without: 'Authorization' })).toBe(401);
    const scheme = opcoId === 'afdas' ? 'DPoP' : 'Bearer';
    expect(await status({ headers: { Authorization: `${scheme} nope` } })).toBe(401);
    for (const name of ['EDITEUR', 'LOGICIEL', 'VERSION']) expect(await status({ without: name })).toBe(400);
    expect(await status({ without: 'X-API-KEY' })).toBe(403);
    expect(await status({ apiKey: 'unknown' })).toBe(403);
  });

  it('refuses a key outside its dates, in its own words', async () => {
    const client = await clientOf(sandbox, opcoId);
    const ask = () => client.send({ route: 'GET v1/status', apiKey: 'dated' });
    await control('cfas', { opcoId, apiKey: 'dated', dateDebutValidite: '2026-11-02', dateFinValidite: '2026-11-03' });
    expect((await ask()).status).toBe(200);
    days(2);
    const late = await ask();
    expect([late.status, refusalOf(client, late)]).toEqual([403, 'Clé CFA hors de sa période de validité.']);
    await control('cfas', { opcoId, apiKey: 'dated', dateFinValidite: '2027-11-03' });
    expect((await ask()).status).toBe(200);
  });

  it('counts the days of a key in Paris', async () => {
    const client = await clientOf(sandbox, opcoId);
    await control('cfas', { opcoId, apiKey: 'dated', dateDebutValidite: '2026-11-02', dateFinValidite: '2026-11-03' });
    const at = async (instant: string) => {
      await control('clock', { set: instant });
      return (await client.send({ route: 'GET v1/status', apiKey: 'dated' })).status;
    };
    expect([await at('2026-11-01T22:59:59Z'), await at('2026-11-01T23:00:00Z')]).toEqual([403, 200]);
    expect([await at('2026-11-03T22:59:59Z'), await at('2026-11-03T23:00:00Z')]).toEqual([200, 403]);
  });

  it('gives no token to a wrong secret, and takes a scope as the norm tells of it', async () => {
    const client = new NormClient(opcoId, sandbox.url);
    expect((await client.login({ client_secret: 'wrong' })).status).toBe(401);
    expect((await client.login({ grant_type: 'password' })).status).toBe(400);
    const strict = ['akto', 'atlas', 'opco-mobilites', 'afdas', 'opco-ep'].includes(opcoId);
    expect((await client.login({ scope: 'everything' })).status).toBe(strict ? 400 : 200);
    const sor = ['akto', 'atlas', 'opco-mobilites'].includes(opcoId);
    if (sor) expect((await client.login({ scope: 'api.write api.read' })).status).toBe(200);
    for (const scope of ['.default', 'api://sandbox/.default'])
      expect((await client.login({ scope })).status).toBe(strict && opcoId !== 'akto' ? 400 : 200);
    for (const scope of ['', 'default', '.default api.read', 'api://sandbox/.defaults'])
      if (sor) expect((await client.login({ scope })).status).toBe(400);
  });

  it('answers 429 with the wait once the quota is used up', async () => {
    const client = await clientOf(sandbox, opcoId);
    await control('quotas', { opcoId, limit: 1, windowMs: 60_000 });
    const first = await client.send({ route: 'GET v1/status' });
    const second = await client.send({ route: 'GET v1/status' });
    expect([first.status, second.status]).toEqual([200, 429]);
    expect(Number(second.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(refusalOf(client, second)).toBe('Limite de requêtes atteinte.');
  });
});

describe.each(opcosV2)('%s, in V2', (opcoId) => {
  it('pages its states by a hundred, wrapped and spelled as it does', async () => {
    const client = await clientOf(sandbox, opcoId);
    await control('seed', { opcoId, apiKey: demoKey(opcoId), dossiers: 205 });
    const page = async (numeroPage: number) => {
      const { body } = await client.send({ route: 'GET v2/dossiers/etats', query: { numeroPage: String(numeroPage) } });
      expect(Array.isArray(body)).toBe(opcoId === 'opcommerce');
      return opcoId === 'opcommerce' ? body[0] : body;
    };
    const pages = [await page(1), await page(2), await page(3), await page(4)];
    expect(pages.map(({ total, count, page: number }) => [total, count, number])).toEqual([
      [205, 100, 1],
      [205, 100, 2],
      [205, 5, 3],
      [205, 0, 4],
    ]);
    expect(
      new Set(
        pages.flatMap((each) => each.EtatDossierResult.map((row: { numeroInterne: unknown }) => row.numeroInterne)),
      ).size,
    ).toBe(205);
    const numeroInterne = String(pages[0].EtatDossierResult[0].numeroInterne);
    await control('etat', { opcoId, apiKey: demoKey(opcoId), numeroInterne, etat: 'RUPTURE' });
    const spelled: Partial<Record<OpcoId, string>> = { akto: 'RUPTU', ocapiat: 'RUTPURE' };
    expect((await page(1)).EtatDossierResult[0].etat).toBe(spelled[opcoId] ?? 'RUPTURE');
    const none = await client.send({ route: 'GET v2/dossiers/etats', query: { numeroPage: '0' } });
    expect(none.status).toBe(400);
    const { body } = await read(client, numeroInterne, 'GET v2/dossiers');
    expect('employeurV2' in body.cerfa).toBe(opcoId === 'akto');
  });

  it('tells until when a key of the CFA is good, also once it is not', async () => {
    const client = await clientOf(sandbox, opcoId);
    await control('cfas', { opcoId, apiKey: 'dated', dateFinValidite: '2026-11-03' });
    const ask = async (query: Record<string, string>) =>
      client.send({ route: 'GET v2/cfakeyinfo', query, apiKey: 'dated' });
    const good = { siren: siretCfa.slice(0, 9), XAPIKEY: 'dated' };
    const { body } = await ask(good);
    expect(body).toMatchObject({ status: 'success', comment: null });
    expect(body.dateFinValidite).toMatch(/^2026-11-03T00:00:00/);
    expect((await ask({ ...good, siren: '111111111' })).body).toMatchObject({ status: 'error', dateFinValidite: null });
    expect((await ask({ siren: good.siren })).status).toBe(400);
    expect((await ask({ ...good, siren: '12' })).status).toBe(400);
    days(2);
    expect((await ask(good)).body).toMatchObject({ status: 'error' });
    expect(JSON.stringify(await control('ledger'))).not.toContain('dated');
  });
});

describe('afdas', () => {
  it('binds the token to the key of the proof', async () => {
    const client = new NormClient('afdas', sandbox.url);
    const body = (await (await client.login()).json()) as { token_type: string; cnf: { jkt: string } };
    expect(body).toMatchObject({ token_type: 'DPoP', cnf: { jkt: await client.jkt() } });
    await client.changeKeys();
    expect((await client.send({ route: 'GET v1/status' })).status).toBe(401);
  });

  it('refuses a proof that is absent, replayed, or for another call', async () => {
    const client = await clientOf(sandbox, 'afdas');
    const url = `${client.base}/v1/status`;
    const { DPoP: proof = '' } = await client.headers('GET', url);
    const ath = (JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()) as { ath: string }).ath;
    const status = async (headers: Record<string, string>) =>
      (await client.send({ route: 'GET v1/status', headers })).status;
    expect(await status({ DPoP: proof })).toBe(200);
    expect(await status({ DPoP: proof })).toBe(401);
    expect(await status({ DPoP: '' })).toBe(401);
    expect(await status({ DPoP: await client.proof('POST', url, { ath }) })).toBe(401);
    expect(await status({ DPoP: await client.proof('GET', `${client.base}/v1/dossiers`, { ath }) })).toBe(401);
    expect(await status({ DPoP: await client.proof('GET', url, { ath: 'other' }) })).toBe(401);
    const old = await client.proof('GET', url, { ath, iat: Math.floor(Date.now() / 1000) - 3600 });
    expect(await status({ DPoP: old })).toBe(401);
    expect(await status({ Authorization: 'Bearer x' })).toBe(401);
  });
});
