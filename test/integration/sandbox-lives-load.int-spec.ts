import { opcoIds } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { clientOf, controlOf } from '../support/norm-client.js';
import { freshMorning, opcosWithDossiers, read } from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec', dirt: 0 })));
afterAll(() => sandbox.stop());
beforeEach(() => freshMorning(sandbox));

const control = (path: string, body?: unknown) => controlOf(sandbox, path, body);

describe('what an OPCO shows', () => {
  it('is the same under the same seed: lives, money and dirt', async () => {
    const story = async (seed: string) => {
      await control('reset', { seed });
      await control('clock', { set: '2026-11-02T08:00:00Z', speed: 0 });
      await control('dirt', { rate: 0.5 });
      const client = await clientOf(sandbox, 'akto');
      const told: unknown[] = [await control('load', { opcoId: 'akto', dossiers: 50, seed: 1 })];
      for (const days of [0, 5, 400]) {
        await control('clock', { advanceSeconds: days * 86_400 });
        const { body } = await client.send({ route: 'GET v2/dossiers/etats' });
        told.push(body, await read(client, String(body.EtatDossierResult[7].numeroInterne)));
      }
      return told.slice(1);
    };
    const first = await story('one');
    expect(await story('one')).toEqual(first);
    expect(await story('two')).not.toEqual(first);
  });

  it.each(opcosWithDossiers)('of %s is dirty as its habits are, and only as often as told', async (opcoId) => {
    const client = await clientOf(sandbox, opcoId);
    const count = async (rate: number) => {
      await control('reset', { seed: 'spec' });
      await control('dirt', { rate });
      await control('seed', { opcoId, apiKey: `sandbox-cfa-key-${opcoId}`, dossiers: 200 });
      const { dossiers } = sandbox.world.cfa(opcoId, `sandbox-cfa-key-${opcoId}`) ?? { dossiers: new Map() };
      return [...dossiers.values()].filter(({ dirt }) => dirt !== undefined);
    };
    expect(await count(0)).toHaveLength(0);
    const some = await count(0.2);
    expect(some.length).toBeGreaterThan(15);
    expect(some.length).toBeLessThan(70);
    const dirty = await count(1);
    expect(dirty).toHaveLength(200);
    const { habits } = sandbox.world.cfa(opcoId, `sandbox-cfa-key-${opcoId}`)?.dialect ?? { habits: [] };
    for (const habit of habits) {
      const { numeroInterne } = dirty.find(({ dirt }) => dirt === habit) ?? {};
      const { body } = await client.send({ route: 'GET v1/dossiers', query: { numeroInterne: String(numeroInterne) } });
      const { cerfa } = body;
      const marks: Record<string, boolean> = {
        etat: cerfa.etat.endsWith(' '),
        blancs: cerfa.apprenti.nom.endsWith('  '),
        'codes-texte': typeof cerfa.employeur.typeEmployeur === 'string',
        'textes-nombre': typeof cerfa.employeur.siret === 'number',
        inconnus: cerfa.origineDepot === 'API',
        nuls: cerfa.maitre2 === null && cerfa.apprenti.nomUsage === null,
        fuseaux: /T00:00:00\+0[12]:00$/.test(cerfa.contrat.dateDebutContrat),
      };
      expect([habit, Object.keys(marks).filter((name) => marks[name])]).toEqual([habit, [habit]]);
    }
  });
});

describe('loading', () => {
  const loaded = async (body: object) =>
    (await control('load', body)) as {
      ms: number;
      octetsParDossier: number;
      etats: Record<string, number>;
      premier: string;
    };

  it('puts a hundred thousand dossiers there, in states and dates as in a running CFA, and pages cost no more for it', async () => {
    const { octetsParDossier, etats } = await loaded({ opcoId: 'akto', dossiers: 100_000, seed: 7 });
    expect(octetsParDossier).toBeLessThan(2000);
    const part = (etat: string) => (etats[etat] ?? 0) / 100_000;
    expect(part('ENGAGE')).toBeGreaterThan(0.3);
    expect(part('SOLDE')).toBeGreaterThan(0.2);
    for (const etat of ['RUPTURE', 'REFUSE', 'ANNULE']) expect(part(etat)).toBeGreaterThan(0.01);
    expect((etats['TRANSMIS'] ?? 0) + (etats['EN_COURS_INSTRUCTION'] ?? 0)).toBeGreaterThan(50);
    await loaded({ opcoId: 'akto', apiKey: 'small', dossiers: 1000 });
    const quickest = async (apiKey: string, pages: readonly number[]) => {
      const times: number[] = [];
      for (const page of pages) {
        await control('clock', { advanceSeconds: 86_400 });
        const began = performance.now();
        sandbox.world.cfa('akto', apiKey)?.etatsPage(page, sandbox.world.virtual.now());
        times.push(performance.now() - began);
      }
      return Math.min(...times);
    };
    const small = await quickest('small', [1, 5, 10, 2, 3, 7]);
    const large = await quickest('sandbox-cfa-key-akto', [1, 500, 1000, 2, 300, 700]);
    // A page costs what a hundred rows cost, not what a hundred thousand do: both were timed on the same machine just now.
    expect(large / small).toBeLessThan(20);
  });

  it('spreads over several CFAs, known and new, and shows what was paid before', async () => {
    const { cfa: fingerprint } = (await control('cfas', { opcoId: 'atlas', apiKey: 'one' })) as { cfa: string };
    await loaded({ opcoId: 'atlas', apiKey: ['one', 'two', 'three'], dossiers: 30 });
    const { premier } = await loaded({ opcoId: 'atlas', cfa: fingerprint, dossiers: 400 });
    expect(sandbox.world.cfa('atlas', 'one')?.dossiers.size).toBe(410);
    expect(sandbox.world.cfa('atlas', 'three')?.dossiers.size).toBe(10);
    expect(sandbox.world.cfa('atlas', 'one')?.dossiers.has(premier)).toBe(true);
    const client = await clientOf(sandbox, 'atlas');
    const { body } = await client.send({ route: 'GET v1/dossiers/etats', apiKey: 'one' });
    const solde = (body as { etat: string; numeroInterne: string }[]).find(({ etat }) => etat === 'SOLDE');
    const detail = await client.send({
      route: 'GET v1/dossiers',
      query: { numeroInterne: solde?.numeroInterne ?? '' },
      apiKey: 'one',
    });
    expect(detail.body.cerfa.etat).toBe('SOLDE');
    for (const { montantTotal, montantRegle } of detail.body.echeances) expect(montantRegle).toBe(montantTotal);
  });

  it.each([
    { opcoId: 'akto', dossiers: 0 },
    { opcoId: 'akto', dossiers: 1e9 },
    { opcoId: 'akto', dossiers: 1, cfa: 'nobody' },
    { opcoId: 'nobody', dossiers: 1 },
    { opcoId: 'akto', dossiers: 1, other: true },
  ])('refuses what makes no sense: %j', async (body) => {
    await expect(control('load', body)).rejects.toThrow('400');
  });

  it('is for any OPCO, also one that takes no contracts yet', async () => {
    for (const opcoId of opcoIds) expect((await loaded({ opcoId, dossiers: 3 })).premier).toBeTruthy();
  });
});
