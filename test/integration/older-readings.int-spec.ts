import type { Dossier } from '../../src/core/contract/dossier.js';
import type { Sight } from '../../src/poller/snapshot.repository.js';
import { PollBench } from '../support/poll-bench.js';
import { SyncBench } from '../support/sync-bench.js';

const sight = (etat: string): Sight => ({
  name: { opcoId: 'akto', numeroInterne: 'D1' },
  dossier: { cerfa: { numeroInterne: 'D1', etat, apprenti: { nom: 'Petit' } }, echeances: null } as unknown as Dossier,
});
const states = 'SELECT etat FROM snapshots ORDER BY version';
const due = 'SELECT next_read_at <= clock_timestamp() AS due FROM watched_dossiers';

describe('a reading that began before the latest version was kept', () => {
  it('of a synchronisation undoes nothing, tells nothing, and has the dossier read again', async () => {
    const bench = await SyncBench.create();
    const { tenant } = await bench.aSync(1);
    const claim = await bench.aListedClaim('D1');
    const commit = (etat: string, seconds: number) =>
      bench.commits().commit(claim, { dossiers: [{ numeroInterne: 'D1', dossier: sight(etat).dossier }], seconds });
    await commit('TRANSMIS', 0);
    await bench.db.database.asTenant(tenant, (sql) =>
      bench.snapshots.keepAllWithin(sql, tenant, [sight('ENGAGE')], async () => undefined),
    );
    const told = await bench.told(tenant);
    await commit('TRANSMIS', 600);
    expect(await bench.asSystem(states)).toEqual([{ etat: 'TRANSMIS' }, { etat: 'ENGAGE' }]);
    expect(await bench.asSystem(due)).toEqual([{ due: true }]);
    expect((await bench.told(tenant)).filter((type) => type !== 'sync.batch')).toEqual(
      told.filter((type) => type !== 'sync.batch'),
    );
    // A later one is believed, be it the same.
    await commit('TRANSMIS', 0);
    expect(await bench.asSystem(states)).toEqual(['TRANSMIS', 'ENGAGE', 'TRANSMIS'].map((etat) => ({ etat })));
    expect(await bench.asSystem(due)).toEqual([{ due: false }]);
    await bench.db.drop();
  });

  it('of a poll neither', async () => {
    const bench = await PollBench.create();
    const tenant = await bench.aTarget();
    const poller = bench.anInstance();
    bench.opco.dossiers.set('D1', { etat: 'TRANSMIS' });
    await bench.poll(poller);
    await bench.allDue(tenant);
    bench.opco.calls.length = 0;
    const { run } = bench.opco;
    bench.opco.run = async (call) => {
      const first = bench.opco.reads('dossier').length === 0;
      bench.opco.dossiers.set('D1', { etat: 'SOLDE', ...(first && { detailEtat: 'ENGAGE' }) });
      const exchange = await run.call(bench.opco, call);
      // Another has read what came after this answer, and is the first to commit.
      if (call.endpoint === 'dossier' && first) await bench.keep(tenant, sight('SOLDE'));
      return exchange;
    };
    await bench.pollAgain(tenant, poller);
    expect(await bench.asSystem(states)).toEqual([{ etat: 'TRANSMIS' }, { etat: 'SOLDE' }]);
    expect(await bench.events(tenant)).toEqual([]);
    expect(bench.opco.reads('dossier')).toHaveLength(2);
    expect(await bench.asSystem(due)).toEqual([{ due: false }]);
    await bench.db.drop();
  });
});
