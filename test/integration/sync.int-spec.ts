import { fail } from '../../src/core/errors.js';
import type { Dossier } from '../../src/core/contract/dossier.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { KeepDossiers } from '../../src/sync/keep-dossiers.js';
import { SyncRetentionRepository } from '../../src/sync/sync-retention.repository.js';
import { ScriptedOpco } from '../support/polled-opco.js';
import { SyncBench } from '../support/sync-bench.js';

const shown = (numeroInterne: string, etat = 'ENGAGE') =>
  ({ numeroInterne, dossier: { cerfa: { numeroInterne, etat }, echeances: null } as unknown as Dossier }) as const;

describe('synchronisations in PostgreSQL', () => {
  let bench: SyncBench;

  beforeAll(async () => {
    bench = await SyncBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    bench.opco = new ScriptedOpco();
    await bench.asSystem('DELETE FROM sync_jobs');
    bench.complaints.length = 0;
  });

  const done = async (worker = bench.anInstance()) => {
    await worker.round();
    await worker.drain();
  };

  it('ask as the least urgent traffic, and for fresh answers that nobody keeps', async () => {
    const { tenant, syncId } = await bench.aSync(5);
    await done();
    expect(await bench.view(tenant, syncId)).toMatchObject({ status: 'completed', report: { new: 5 } });
    expect(bench.opco.calls.map(({ traffic, cache }) => [traffic, cache])).toEqual(
      bench.opco.calls.map(() => ['bulk', { noCache: true, noStore: true }]),
    );
    expect([bench.opco.reads('etats').length, bench.opco.reads('dossier').length]).toEqual([3, 5]);
  });

  it('are taken over once the lease of a vanished process has run out; what it still writes is refused', async () => {
    const { tenant, syncId } = await bench.aSync(6);
    // Long enough for a slow machine to come to the heir's first look.
    const [dead] = await bench.claims.claim(1, 5);
    if (!dead) throw new Error('nothing was claimed');
    await bench.turns.begin(dead);
    await bench.turns.addFound(dead, ['D1', 'D2', 'D3', 'D4', 'D5', 'D6']);
    await bench.turns.endScan(dead, { complete: true, last: false });
    await bench.commits().commit(dead, { dossiers: [shown('D1'), shown('D2')], seconds: 1 });
    const heir = bench.anInstance();
    await done(heir);
    expect(bench.opco.calls).toEqual([]);
    let next: Awaited<ReturnType<typeof bench.claims.claim>> = [];
    while (next.length === 0) next = await bench.claims.claim(1, 60);
    const [holder] = next;
    if (!holder) throw new Error('nobody has taken over');
    // Still running, in other hands.
    const zombie = bench.commits().commit(dead, { dossiers: [shown('D3', 'SOLDE')], seconds: 1 });
    await expect(zombie).rejects.toThrow('CONFLICT');
    expect(await bench.claims.renew(dead, 600)).toBe(false);
    await bench.claims.release(dead, { seconds: 600, waiting: null, fruitless: false });
    await bench.claims.release(holder, { seconds: 0, waiting: null, fruitless: false });
    while ((await bench.view(tenant, syncId)).status !== 'completed') await done(heir);
    expect(bench.opco.reads('dossier').map(({ query }) => query['numeroInterne'])).toEqual(['D3', 'D4', 'D5', 'D6']);
    expect(bench.opco.reads('etats')).toEqual([]);
    const late = bench.commits().commit(dead, { dossiers: [shown('D1', 'SOLDE')], seconds: 1 });
    await expect(late).rejects.toThrow('CONFLICT');
    await expect(bench.turns.addFound(dead, ['D7'])).rejects.toThrow('CONFLICT');
    expect(await bench.claims.renew(dead, 10)).toBe(false);
    expect(await bench.count(tenant, 'snapshots')).toBe(6);
    expect(await bench.told(tenant)).toEqual([
      'sync.started',
      'sync.batch',
      'sync.batch',
      'sync.batch',
      'sync.completed',
    ]);
  });

  it('are given back at once by a process that stops', async () => {
    const { tenant, syncId } = await bench.aSync(4);
    let release = () => {};
    bench.opco.gate = new Promise((resolve) => (release = resolve));
    const stopping = bench.anInstance({ OPCOVIA_SYNC_LEASE_SECONDS: 600 });
    await stopping.round();
    const stopped = stopping.stop();
    release();
    await stopped;
    bench.opco.gate = undefined;
    await done();
    expect(await bench.view(tenant, syncId)).toMatchObject({ status: 'completed', report: { seen: 4 } });
    expect(bench.complaints).toEqual([]);
  });

  it('are shared by several processes, each synchronisation to one of them', async () => {
    const { tenant: one } = await bench.aSync(3);
    const { tenant: other } = await bench.aSync(3);
    const both = [bench.anInstance({ OPCOVIA_SYNC_CONCURRENCY: 1 }), bench.anInstance({ OPCOVIA_SYNC_CONCURRENCY: 1 })];
    await Promise.all(both.map((worker) => worker.round()));
    await Promise.all(both.map((worker) => worker.drain()));
    expect([await bench.count(one, 'snapshots'), await bench.count(other, 'snapshots')]).toEqual([3, 3]);
    expect(bench.opco.reads('dossier')).toHaveLength(6);
  });

  it('leave nothing of a batch that could not be committed, and count it as never read', async () => {
    const { tenant, syncId } = await bench.aSync(2);
    const [claim] = await bench.claims.claim(1, 60);
    if (!claim) throw new Error('nothing was claimed');
    await bench.turns.begin(claim);
    await bench.turns.addFound(claim, ['D1', 'D2']);
    await bench.turns.endScan(claim, { complete: true, last: false });
    const { snapshots } = bench;
    const breaking = {
      keepAll: async (...[sql, hash, sights]: Parameters<KeepDossiers['keepAll']>) => {
        await snapshots.keepAllWithin(sql, hash, sights, async () => undefined);
        throw fail('SERVICE_UNAVAILABLE');
      },
    };
    const commit = bench.commits(breaking).commit(claim, { dossiers: [shown('D1'), shown('D2')], seconds: 1 });
    await expect(commit).rejects.toThrow('SERVICE_UNAVAILABLE');
    expect(await bench.count(tenant, 'snapshots')).toBe(0);
    expect(await bench.told(tenant)).toEqual(['sync.started']);
    expect((await bench.view(tenant, syncId)).progress).toMatchObject({ done: 0, batches: 0 });
    expect(await bench.turns.open(claim, '', 9)).toEqual(['D1', 'D2']);
  });

  it('are not held up by a dossier whose history does not open any more: it begins anew', async () => {
    const { tenant } = await bench.aSync(3);
    await done();
    await bench.asSystem(
      `DELETE FROM data_keys WHERE id IN (SELECT data_key_id FROM snapshots WHERE tenant_hash = $1 AND numero_interne = 'D2')`,
      [tenant],
    );
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'SOLDE' });
    const { syncId } = await bench.jobs.request(bench.owner(tenant), 'akto');
    await done();
    expect(await bench.view(tenant, syncId)).toMatchObject({
      report: {
        seen: 3,
        changed: 2,
        new: 1,
        failed: { count: 0 },
      },
    });
    expect((await bench.told(tenant)).filter((type) => type === 'dossier.etat_changed')).toHaveLength(2);
  });

  it('tell that the money of a dossier does not add up, which no poll after them would', async () => {
    const { tenant } = await bench.aSync(1);
    const echeances = [{ numero: 1, montantTotal: 900, montantRegle: 0 }];
    bench.opco.dossiers.set('D1', { etat: 'ENGAGE', engagement: 1000, echeances });
    await done();
    expect(await bench.told(tenant)).toContain('dossier.incoherent');
  });

  it('miss what was known and is not listed, and not what was known to be gone', async () => {
    const { tenant } = await bench.aSync(4);
    await done();
    await bench.asSystem(
      `UPDATE watched_dossiers SET deleted_at = now() WHERE tenant_hash = $1 AND numero_interne = 'D4'`,
      [tenant],
    );
    for (const gone of ['D3', 'D4']) bench.opco.dossiers.delete(gone);
    const { syncId } = await bench.jobs.request(bench.owner(tenant), 'akto');
    await done();
    expect(await bench.view(tenant, syncId)).toMatchObject({
      report: { missing: { count: 1, numerosInternes: ['D3'] } },
    });
  });

  it('keep a batch that was under way when they were paused, and none when they were cancelled', async () => {
    const { tenant, syncId } = await bench.aSync(4);
    const [claim] = await bench.claims.claim(1, 60);
    if (!claim) throw new Error('nothing was claimed');
    await bench.turns.begin(claim);
    await bench.turns.addFound(claim, ['D1', 'D2', 'D3', 'D4']);
    await bench.turns.endScan(claim, { complete: true, last: false });
    const name = { opcoId: 'akto', syncId };
    await bench.jobs.pause(bench.owner(tenant), name);
    expect(await bench.claims.renew(claim, 60)).toBe(false);
    await bench.commits().commit(claim, { dossiers: [shown('D1'), shown('D2')], seconds: 1 });
    expect((await bench.view(tenant, syncId)).progress.done).toBe(2);
    await bench.jobs.cancel(bench.owner(tenant), name);
    const late = bench.commits().commit(claim, { dossiers: [shown('D3'), shown('D4')], seconds: 1 });
    await expect(late).rejects.toThrow('CONFLICT');
    expect(await bench.count(tenant, 'snapshots')).toBe(2);
  });

  it('of a suspended tenant are left alone, and stop when it is suspended', async () => {
    const { tenant } = await bench.aSync(2);
    const [claim] = await bench.claims.claim(1, 60);
    if (!claim) throw new Error('nothing was claimed');
    await bench.asSystem('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', [tenant]);
    expect(await bench.claims.renew(claim, 60)).toBe(false);
    await bench.claims.release(claim, { seconds: 0, waiting: null, fruitless: false });
    expect(await bench.claims.claim(1, 60)).toEqual([]);
    await bench.asSystem('UPDATE tenants SET suspended_at = NULL WHERE tenant_hash = $1', [tenant]);
    expect(await bench.claims.claim(1, 60)).toHaveLength(1);
  });

  it('fail when scan after scan shows nothing that can be trusted, and begin again when they are resumed', async () => {
    const { tenant, syncId } = await bench.aSync(4);
    bench.opco.page = (data) => ({ data, total: 4, page: 7 });
    const worker = bench.anInstance({ OPCOVIA_SYNC_SCANS: 2 });
    while ((await bench.view(tenant, syncId)).status !== 'failed') await done(worker);
    expect(await bench.view(tenant, syncId)).toMatchObject({ phase: 'discovery', error: { code: 'UPSTREAM_INVALID' } });
    expect(bench.opco.reads('etats')).toHaveLength(2);
    bench.opco = new ScriptedOpco();
    bench.opco.dossiers.set('D1', { etat: 'ENGAGE' });
    await bench.jobs.resume(bench.owner(tenant), { opcoId: 'akto', syncId });
    await done();
    expect(await bench.view(tenant, syncId)).toMatchObject({
      status: 'completed',
      report: { complete: true, seen: 1 },
    });
    expect(await bench.told(tenant)).toEqual(['sync.started', 'sync.failed', 'sync.batch', 'sync.completed']);
  });

  it('that have failed are not resumed beside another one', async () => {
    const { tenant, syncId } = await bench.aSync(1);
    await bench.asSystem(`UPDATE sync_jobs SET status = 'failed', completed_at = now()`);
    await bench.jobs.request(bench.owner(tenant), 'akto');
    const resumed = bench.jobs.resume(bench.owner(tenant), { opcoId: 'akto', syncId });
    await expect(resumed).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { detail: expect.stringMatching('Une autre') },
    });
  });

  it('lose their lists once they are over, and go with their report after their time', async () => {
    const { tenant } = await bench.aSync(3);
    await done();
    const purge = (days: number) => new SyncRetentionRepository(bench.db.database, new AuditTrail(), days).purge();
    expect(await bench.count(tenant, 'sync_dossiers')).toBe(3);
    expect(await purge(90)).toEqual({ sync_dossiers: 3, syncs: 0 });
    expect(await bench.count(tenant, 'sync_jobs')).toBe(1);
    await bench.asSystem(`UPDATE sync_jobs SET completed_at = now() - interval '2 days'`);
    expect(await purge(1)).toEqual({ sync_dossiers: 0, syncs: 1 });
    const traces = await bench.asSystem(`SELECT details FROM audit_logs WHERE action = 'syncs.purged'`);
    expect(traces).toEqual([{ details: { syncs: 1 } }]);
  });
});
