import type { TenantHash } from '../../src/core/tenant.js';
import type { Poller } from '../../src/poller/poller.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

describe('details that always fail', () => {
  let bench: PollBench;
  let tenant: TenantHash;
  let poller: Poller;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    bench.opco = new ScriptedOpco();
    tenant = await bench.aTarget();
    poller = bench.anInstance();
    for (let at = 1; at <= 8; at++) bench.opco.dossiers.set(`D${at}`, { etat: 'TRANSMIS' });
  });

  const again = async () => {
    bench.opco.calls.length = 0;
    await bench.pollAgain(tenant, poller);
  };
  const fails = (...numbers: string[]) =>
    (bench.opco.failing = ({ endpoint, query }) =>
      endpoint === 'dossier' && numbers.includes(String(query['numeroInterne'])) ? 'UPSTREAM_ERROR' : undefined);
  const asked = () => bench.opco.reads('dossier').map(({ query }) => query['numeroInterne']);
  const told = async () => (await bench.events(tenant)).map(({ type, subject }) => `${type} ${subject}`);
  const all = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8'];

  it('hold up one poll, and no other dossier after that, be they new', async () => {
    fails('D1', 'D2', 'D3');
    await bench.poll(poller);
    expect([bench.opco.reads('etats').length, asked()]).toEqual([4, ['D1', 'D2', 'D3']]);
    expect(await bench.target(tenant)).toMatchObject({ failures: 1 });
    await again();
    expect(asked()).toEqual(['D4', 'D5', 'D6', 'D7', 'D8', 'D1', 'D2', 'D3']);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, succeeded: true });
    bench.opco.dossiers.set('D8', { etat: 'ENGAGE' });
    await again();
    expect(await told()).toEqual(['dossier.etat_changed dossier:akto:D8']);
    fails();
    await again();
    await again();
    expect(asked()).toEqual([]);
    expect(await bench.versions(tenant)).toHaveLength(9);
  });

  it('or known: one that can be read proves that the OPCO is there, and each has its turn', async () => {
    await bench.poll(poller);
    for (const name of ['D1', 'D2', 'D3', 'D4']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    fails('D1', 'D2', 'D3', 'D4');
    await again();
    expect(await bench.target(tenant)).toMatchObject({ failures: 1 });
    await again();
    // D4 has never been asked for since it moved, and is not answered either; what comes next by the clock is.
    expect(asked().slice(0, 3)).toEqual(['D4', 'D1', 'D2']);
    expect(['D5', 'D6', 'D7', 'D8']).toContain(asked()[3]);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0 });
    await again();
    expect(asked().slice(0, 3)).toEqual(['D3', 'D4', 'D1']);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0 });
    fails('D1', 'D2', 'D3');
    await again();
    await again();
    expect(await told()).toEqual(['dossier.etat_changed dossier:akto:D4']);
  });

  it('do not keep from being read what is due, nor what moved beside them, in the very same poll', async () => {
    bench.opco.factures = new Map([['F1', { etat: 'TRANSMISE', dossiers: ['D8'] }]]);
    await bench.poll(poller);
    for (const name of ['D1', 'D2', 'D3', 'D7']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    fails('D1', 'D2', 'D3');
    bench.opco.factures.set('F1', { etat: 'REGLE', dossiers: ['D8'] });
    bench.opco.dossiers.set('D8', { etat: 'TRANSMIS', engagement: 10 });
    await bench.asSystem('UPDATE poll_targets SET next_factures_at = now()');
    await again();
    expect(asked()).toEqual(['D1', 'D2', 'D3', 'D8', 'D7']);
    expect(await told()).toEqual([
      'facture.etat_changed facture:akto:F1',
      'dossier.updated dossier:akto:D8',
      'dossier.etat_changed dossier:akto:D7',
    ]);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0 });
  });

  it('are an outage when no other detail is answered either: every poll backs off, and asks for few', async () => {
    await bench.poll(poller);
    for (const name of all) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    fails(...all);
    for (let failures = 1; failures <= 5; failures++) {
      await again();
      expect(asked().length).toBeLessThanOrEqual(4);
      expect(await bench.target(tenant)).toMatchObject({ failures });
    }
    fails();
    await again();
    expect(await bench.target(tenant)).toMatchObject({ failures: 0 });
    expect((await told()).length).toBe(8);
  });
});
