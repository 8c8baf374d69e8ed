import { SyncBench } from '../support/sync-bench.js';

interface Clock {
  readonly numero: string;
  readonly read: boolean;
  readonly wait: number;
  readonly changes: number;
  readonly weighed: boolean;
}

describe('a synchronisation, to the poller', () => {
  let bench: SyncBench;

  beforeAll(async () => {
    bench = await SyncBench.create();
  });
  afterAll(() => bench?.db.drop());

  const run = async () => {
    const worker = bench.anInstance();
    await worker.round();
    await worker.drain();
  };
  const clocks = async () =>
    (await bench.asSystem(
      `SELECT numero_interne AS numero, read_at IS NOT NULL AS read, extract(epoch FROM next_read_at - now())::float AS wait, changes,
         weight > 0 AS weighed FROM watched_dossiers ORDER BY numero_interne`,
    )) as Clock[];

  it('has read what it has read: each detail is due again by the clock, as if a poll had read it', async () => {
    const { tenant } = await bench.aSync(24);
    await run();
    const first = await clocks();
    expect(first.map(({ read, weighed, changes }) => [read, weighed, changes])).toEqual(
      first.map(() => [true, true, 0]),
    );
    // Nothing sooner than fifteen minutes; without a clock half of them would be due within the day, some at once.
    expect(Math.min(...first.map(({ wait }) => wait))).toBeGreaterThan(800);
    // As many calls as the share allows for all of them, not for those of the first batch.
    expect(Math.max(...first.map(({ wait }) => wait))).toBeLessThan(15 * 86_400);

    await bench.asSystem('UPDATE watched_dossiers SET next_read_at = now()');
    bench.opco.dossiers.set('D7', { etat: 'ENGAGE', engagement: 700 });
    bench.opco.failing = ({ query }) => (query['numeroInterne'] === 'D8' ? 'NOT_FOUND' : undefined);
    await bench.jobs.request(bench.owner(tenant), 'akto');
    await run();
    const second = await clocks();
    const due = second.filter(({ wait }) => wait < 800).map(({ numero }) => numero);
    const changed = second.filter(({ changes }) => changes > 0).map(({ numero }) => numero);
    expect([due, changed]).toEqual([['D8'], ['D7']]);
  });

  it('sets no clock for a batch that is not committed', async () => {
    await bench.asSystem('DELETE FROM watched_dossiers');
    await bench.asSystem('DELETE FROM snapshots');
    await bench.aSync(2);
    const [claim] = await bench.claims.claim(1, 60);
    if (!claim) throw new Error('nothing was claimed');
    await bench.turns.begin(claim);
    await bench.turns.addFound(claim, ['D1', 'D2']);
    await bench.turns.endScan(claim, { complete: true, last: false });
    const commits = bench.commits();
    const dossier = { cerfa: { numeroInterne: 'D1', etat: 'ENGAGE' }, echeances: null } as never;
    const batch = { dossiers: [{ numeroInterne: 'D1', dossier }], seconds: 1 };
    await bench.asSystem('UPDATE sync_jobs SET fence = fence + 1');
    await expect(commits.commit(claim, batch)).rejects.toThrow('CONFLICT');
    expect(await clocks()).toEqual([]);
    await bench.asSystem('UPDATE sync_jobs SET fence = fence - 1');
    await commits.commit(claim, batch);
    expect((await clocks()).map(({ numero, read }) => [numero, read])).toEqual([['D1', true]]);
  });

  it('leaves due what an invoice has made due since the reading of it began, be it due already, and nothing else', async () => {
    await bench.asSystem('DELETE FROM watched_dossiers');
    await bench.asSystem('DELETE FROM sync_jobs');
    const { tenant } = await bench.aSync(3);
    const numbers = ['D1', 'D2', 'D3'];
    const claim = await bench.aListedClaim(...numbers);
    const read = (numeroInterne: string) =>
      ({ numeroInterne, dossier: { cerfa: { numeroInterne, etat: 'ENGAGE' }, echeances: null } as never }) as const;
    const commit = () => bench.commits().commit(claim, { dossiers: numbers.map(read), seconds: 600 });
    const paid = (etatFacture: string) => {
      const dossiers = ['D1', 'D2'].map((numeroInterneDossier) => ({ numeroInterneDossier }));
      const rows = [{ numeroInterneFacture: 'F1', etatFacture, dossiers } as never];
      return bench.factures.keep({ tenant, opcoId: 'akto', rows, allKnown: true }, async () => undefined);
    };
    const due = async () => (await clocks()).filter(({ wait }) => wait <= 0).map(({ numero }) => numero);
    await commit();
    expect(await due()).toEqual([]);
    // D2 and D3 have been due since before the reading began.
    await bench.asSystem(
      `UPDATE watched_dossiers SET next_read_at = now() - interval '1 hour' WHERE numero_interne IN ('D2', 'D3')`,
    );
    await paid('REGLE');
    await commit();
    expect(await due()).toEqual(['D1', 'D2']);
    // A reading of ten minutes that began after that is news enough.
    await bench.asSystem(
      `UPDATE watched_dossiers SET next_read_at = now() - interval '20 minutes' WHERE next_read_at <= now()`,
    );
    await commit();
    expect(await due()).toEqual([]);
  });

  it('sets the clocks of what was known already as a poll would, batch after batch', async () => {
    await bench.asSystem('DELETE FROM watched_dossiers');
    await bench.asSystem('DELETE FROM sync_jobs');
    // So few calls that it is the plan which sets the clocks, not their least.
    bench.callsPerSecond = 0.001;
    bench.opco.failing = () => undefined;
    const { tenant } = await bench.aSync(24);
    await run();
    const { weights, unweighed } = await bench.watch.load(tenant, 'akto');
    expect(unweighed).toBe(0);
    const { share } = await bench.notes.plan(bench.owner(tenant).tenant, 'akto');
    const dossier = { cerfa: { numeroInterne: 'D1', etat: 'ENGAGE' }, echeances: null } as never;
    const observed = { changes: 0, exposure: 0, weight: weights / 24, since: 0 };
    const load = { dossiers: 24, listCalls: 12, weights };
    const { inSeconds } = bench.readClock.set(share, { ...load, dossier, observed, changed: false });
    expect(inSeconds).toBeGreaterThan(3600);
    await bench.jobs.request(bench.owner(tenant), 'akto');
    await run();
    const waits = await bench.asSystem(
      'SELECT extract(epoch FROM next_read_at - read_at)::float AS wait FROM watched_dossiers',
    );
    expect(waits.map((row) => Math.round(((row as { wait: number }).wait / inSeconds) * 100))).toEqual(
      waits.map(() => 100),
    );
  });

  it('plans anew once a minute, not once a batch', async () => {
    const { tenant } = await bench.aSync(0);
    const { notes } = bench;
    const watched = async () => (await notes.plan(bench.owner(tenant).tenant, 'akto')).load.watched;
    expect(await watched()).toBe(0);
    await bench.asSystem(
      `INSERT INTO watched_dossiers (tenant_hash, opco_id, numero_interne, etat) VALUES ($1, 'akto', 'D1', 'ENGAGE')`,
      [tenant],
    );
    bench.time.pass(59);
    expect(await watched()).toBe(0);
    bench.time.pass(2);
    expect(await watched()).toBe(1);
  });
});
