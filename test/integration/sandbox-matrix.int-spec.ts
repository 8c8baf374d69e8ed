import { opcoIds, type OpcoId } from '../../src/core/endpoint.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { clientOf, controlOf } from '../support/norm-client.js';
import { freshMorning, opcosV2, opcosWithDossiers } from '../support/norm-journey.js';

let sandbox: Sandbox;
beforeAll(async () => void (sandbox = await startSandbox({ port: 0, seed: 'spec' })));
afterAll(() => sandbox.stop());
beforeEach(() => freshMorning(sandbox));

const but = (...without: OpcoId[]) => opcoIds.filter((opcoId) => !without.includes(opcoId));
const capital: readonly OpcoId[] = ['akto', 'atlas', 'opco-mobilites'];

/** norm.md 3.2 and 3.4, read route by route: who serves it, who keeps it dormant; the others do not have it. */
const routes: readonly (readonly [string, readonly OpcoId[], (readonly OpcoId[])?])[] = [
  ['GET v1/status', opcoIds],
  ['GET v1/dossiers', opcosWithDossiers],
  ['GET v1/dossiers/etats', opcosWithDossiers],
  ['GET v1/dossiers/liste', opcosWithDossiers],
  ['POST v1/dossiers', opcosWithDossiers],
  ['GET v2/dossiers', opcosV2, ['opco-ep']],
  ['GET v2/dossiers/etats', opcosV2, ['opco-ep']],
  ['POST v2/dossiers', opcosV2, ['opco-ep']],
  ['POST v1/conventions', opcosWithDossiers],
  ['POST v1/factures', but('uniformation', 'opco-sante', ...capital), ['opco-sante']],
  ['POST v1/Factures', capital],
  ['GET v2/factures/etats', opcosV2],
  ['POST v2/certificats', ['afdas']],
  ['POST v1/documents', ['akto', 'atlas', 'opco-ep'], but('akto', 'atlas', 'opco-ep')],
  ['GET v2/cfakeyinfo', opcosV2],
  ['POST v2/dossiers/rupture/employeur', opcosV2],
  ['GET v2/status', []],
  ['GET v1/factures/etats', []],
  ['POST v1/certificats', []],
  ['POST v2/conventions', []],
  ['POST v2/documents', []],
  ['GET v1/cfakeyinfo', []],
  ['DELETE v1/dossiers', []],
];

/** What the sandbox made of the last request: `route` for one that the OPCO lacks. */
const verdict = () => sandbox.world.ledger.read({}).at(-1);

describe.each(opcoIds)('%s', (opcoId) => {
  it('serves, keeps dormant and lacks what the matrix of the norm says', async () => {
    const client = await clientOf(sandbox, opcoId);
    const found: Record<string, string> = {};
    for (const [route] of routes) {
      const { status } = await client.send({ route });
      const { decision = '', committed } = verdict() ?? {};
      expect(committed).toBeNull();
      found[route] = decision === 'route' || decision === 'indisponible' ? `${decision} ${status}` : 'served';
    }
    const told = routes.map(([route, served, dormant = []]) => {
      const kept = dormant.includes(opcoId) ? 'indisponible 501' : 'route 404';
      return [route, served.includes(opcoId) ? 'served' : kept] as const;
    });
    expect(found).toEqual(Object.fromEntries(told));
  });

  it('opens a dormant route when told, until a reset, and never one that it lacks', async () => {
    const client = await clientOf(sandbox, opcoId);
    const decided = async (route: string) => (await client.send({ route }), verdict()?.decision);
    for (const [route, , dormant = []] of routes.filter(([, , each]) => each?.includes(opcoId))) {
      expect(dormant).toContain(opcoId);
      const version = route.split(/[ /]/)[1] ?? '';
      const capability = version === 'v2' ? 'v2' : route.endsWith('documents') ? 'depositDocument' : 'depositFacture';
      await controlOf(sandbox, 'capabilities', { opcoId, capability });
      expect(await decided(route)).not.toBe('indisponible');
      await controlOf(sandbox, 'capabilities', { opcoId, capability, enabled: false });
      expect(await decided(route)).toBe('indisponible');
    }
    const lacking = opcoId === 'afdas' ? 'cfakeyinfo' : 'depositCertificat';
    await expect(controlOf(sandbox, 'capabilities', { opcoId, capability: lacking })).rejects.toThrow('no route');
  });
});

describe('the sandbox', () => {
  it('starts with dormant routes on, and refuses to start with a name that means nothing', async () => {
    const own = await startSandbox({ port: 0, enable: ['opco-2i:depositDocument', 'opco-ep:v2'] });
    const seen = (await controlOf(own, 'capabilities')) as Record<string, { route: string; served: boolean }[]>;
    const served = (opcoId: string, route: string) => seen[opcoId]?.find((each) => each.route === route)?.served;
    expect(served('opco-2i', 'POST /v1/documents')).toBe(true);
    expect(served('opco-ep', 'GET /v2/dossiers/etats')).toBe(true);
    expect(served('afdas', 'POST /v1/documents')).toBe(false);
    await own.stop();
    await expect(startSandbox({ port: 0, enable: ['akto:depositCertificat'] })).rejects.toThrow(
      'akto:depositCertificat',
    );
  });
});
