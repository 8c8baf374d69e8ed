import type { TenantHash } from '../../src/core/tenant.js';
import { CommitSignal } from '../../src/events/commit-signal.js';
import { EventLog } from '../../src/events/event-log.js';
import { EndAbsent } from '../../src/poller/end-absent.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

describe('an instance that has lost its claim', () => {
  let bench: PollBench;
  let tenant: TenantHash;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    bench.opco = new ScriptedOpco();
    tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'ENGAGE', engagement: 1 });
    await bench.poll();
    await bench.allDue(tenant);
  });

  /** All that is kept of the dossiers, and all that was told. */
  const everything = () =>
    bench.db.database.asTenant(tenant, async (sql) => ({
      watched: await sql.query('SELECT * FROM watched_dossiers ORDER BY numero_interne'),
      versions: await sql.query('SELECT numero_interne, version FROM snapshots ORDER BY 1, 2'),
      events: await sql.query('SELECT type, data FROM events ORDER BY ordinal'),
    }));
  it.each<[string, () => void]>([
    ['unchanged', () => undefined],
    ['changed', () => bench.opco.dossiers.set('D1', { etat: 'ENGAGE', engagement: 2 })],
    ['not to be shown', () => (bench.opco.failing = (call) => (call.endpoint === 'dossier' ? 'NOT_FOUND' : undefined))],
  ])('leaves no trace of a detail that it still receives, when that is %s', async (_what, prepare) => {
    const before = await everything();
    prepare();
    bench.loseClaimAt('dossier');
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toHaveLength(4);
    expect(await everything()).toEqual(before);
  });

  it('leaves no trace of a list that it still receives', async () => {
    await bench.db.database.asTenant(tenant, (sql) => sql.query('UPDATE watched_dossiers SET row_hash = NULL'));
    const before = await everything();
    bench.loseClaimAt('etats');
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toHaveLength(3);
    expect(await everything()).toEqual(before);
  });

  it('counts no absence, and forgets none', async () => {
    const { watch } = bench;
    const lost = () => Promise.reject(new Error('lost'));
    await watch.countAbsences(tenant, 'akto', new Set(['D1', 'D2']), async () => undefined);
    const before = await everything();
    await expect(watch.countAbsences(tenant, 'akto', new Set(['D1']), lost)).rejects.toThrow('lost');
    await expect(watch.countAbsences(tenant, 'akto', new Set(['D3']), lost)).rejects.toThrow('lost');
    await expect(watch.forgetAbsence(tenant, { opcoId: 'akto', numeroInterne: 'D3' }, lost)).rejects.toThrow('lost');
    expect(await everything()).toEqual(before);
  });

  it.each<[string, number | null, string[]]>([
    ['pulls no brake', null, []],
    ['pulls none again that another has pulled', 5, []],
    ['releases none that another has pulled', 5, ['D1', 'D2', 'D3']],
  ])('%s', async (_what, pulled, listed) => {
    const { watch, snapshots } = bench;
    const ours = async () => undefined;
    // Absent once already; the claim is lost between the count of the second time and what follows from it.
    await watch.countAbsences(tenant, 'akto', new Set(listed), ours);
    if (pulled !== null) await watch.brake(tenant, 'akto', pulled, ours);
    const braked = () => bench.asSystem('SELECT braked_missing, braked_at FROM poll_targets');
    const before = [await braked(), await bench.events(tenant)];
    let fences = 0;
    const fence = async () => {
      if (++fences > 1) throw new Error('lost');
    };
    const absences = new EndAbsent({ watch, snapshots, events: new EventLog(), signal: new CommitSignal() });
    const scan = { tenant, opcoId: 'akto', seen: new Set(listed), isGone: async () => true, fence };
    await expect(absences.run(scan)).rejects.toThrow('lost');
    expect([await braked(), await bench.events(tenant)]).toEqual(before);
  });
});
