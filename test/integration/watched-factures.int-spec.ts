import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { TenantHash } from '../../src/core/tenant.js';
import type { Sql } from '../../src/platform/database/database.js';
import { purgeSnapshots } from '../../src/poller/purge-snapshots.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

describe('the states of invoices', () => {
  let bench: PollBench;
  let tenant: TenantHash;
  let factures: NonNullable<ScriptedOpco['factures']>;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    bench.opco = new ScriptedOpco();
    factures = bench.opco.factures = new Map();
    tenant = await bench.aTarget();
    await bench.asSystem('DELETE FROM watched_factures');
    for (const name of ['D1', 'D2']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
  });

  const again = async () => {
    await bench.asSystem('UPDATE poll_targets SET next_factures_at = now()');
    await bench.pollAgain(tenant);
  };
  const kept = () =>
    bench.asSystem<{ numero: string }>('SELECT * FROM watched_factures ORDER BY numero_interne_facture');
  const told = async () =>
    (await bench.events(tenant)).filter(({ type }) => type === 'facture.etat_changed').map(({ data }) => data);
  const moved = (numero: string, before: string | null, after: string) => ({
    ...{ numero, numeroInterneFacture: numero, before, after, numeroInterne: 'D1' },
  });
  const fill = (...states: string[]) => states.forEach((etat, at) => factures.set(`F${at + 1}`, { etat }));

  it('are kept sealed when they are first seen, and told of by nothing', async () => {
    fill('TRANSMISE', 'REGLE', 'REGLE');
    await bench.poll();
    expect(await told()).toEqual([]);
    const rows = await bench.asSystem<{ content: string }>('SELECT * FROM watched_factures');
    expect(rows.map(({ content }) => content.slice(0, 3))).toEqual(['v1.', 'v1.', 'v1.']);
    expect(JSON.stringify(rows)).not.toMatch(/REGLE|TRANSMISE/);
    expect(bench.opco.reads('facturesEtats').map(({ query, traffic }) => [query, traffic])).toEqual([
      [{ numeroPage: 1 }, 'poll'],
      [{ numeroPage: 2 }, 'poll'],
    ]);
  });

  it('are told once for each change, with both values, the number of the CFA and the dossier', async () => {
    factures.set('F1', { etat: 'TRANSMISE', reference: 'F-2026-001' });
    factures.set('F2', { etat: 'TRANSMISE', dossiers: ['D1', 'D2'] });
    await bench.poll();
    factures.set('F1', { etat: 'EN_COURS_INSTRUCTION', reference: 'F-2026-001' });
    for (let twice = 0; twice < 2; twice++) await again();
    factures.set('F1', { etat: 'REGLE', reference: 'F-2026-001' });
    factures.set('F2', { etat: ' REJETEE ', dossiers: ['D1', 'D2'] });
    for (let twice = 0; twice < 2; twice++) await again();
    factures.set('F2', { etat: 'REJETEE', dossiers: ['D1', 'D2'] });
    await again();
    const one = { numero: 'F-2026-001', numeroInterneFacture: 'F1', numeroInterne: 'D1' };
    expect(await told()).toEqual([
      { ...one, before: 'TRANSMISE', after: 'EN_COURS_INSTRUCTION' },
      { ...one, before: 'EN_COURS_INSTRUCTION', after: 'REGLE' },
      { numero: 'F2', numeroInterneFacture: 'F2', before: 'TRANSMISE', after: ' REJETEE ' },
    ]);
    const subjects = (await bench.events(tenant)).map(({ subject }) => subject);
    expect(subjects).toEqual(['facture:akto:F1', 'facture:akto:F1', 'facture:akto:F2']);
  });

  it('of an invoice that came after the whole list was known are told with no state before', async () => {
    fill('REGLE');
    bench.opco.facturesPage = (data, page) => ({ data, total: null, page });
    await bench.poll();
    factures.set('F2', { etat: 'TRANSMISE' });
    bench.opco.facturesPage = (data, page) => ({ data, total: factures.size, page });
    // No list was verified before this one: nobody knows since when F2 is there.
    await again();
    expect(await told()).toEqual([]);
    factures.set('F3', { etat: 'TRANSMISE' });
    for (let twice = 0; twice < 2; twice++) await again();
    expect(await told()).toEqual([moved('F3', null, 'TRANSMISE')]);
  });

  it('make the details of their dossiers due, and forget what is cached of them', async () => {
    factures.set('F1', { etat: 'TRANSMISE', dossiers: ['D2'] });
    await bench.poll();
    bench.opco.calls.length = bench.forgotten.length = 0;
    factures.set('F1', { etat: 'REGLE', dossiers: ['D2'] });
    bench.opco.dossiers.set('D2', { etat: 'ENGAGE', engagement: 9 });
    await again();
    expect(bench.opco.reads('dossier').map(({ query }) => query)).toEqual([{ numeroInterne: 'D2' }]);
    expect(bench.forgotten).toEqual(['dossier:D2']);
    expect((await bench.events(tenant)).map(({ type }) => type)).toEqual(['facture.etat_changed', 'dossier.updated']);
  });

  it.each<[string, () => void]>([
    ['empty', () => (bench.opco.facturesPage = (_, page) => ({ data: [], total: 0, page }))],
    ['short', () => (bench.opco.facturesPage = (data, page) => ({ data: data.slice(0, 1), total: 3, page }))],
    ['repeated', () => (bench.opco.facturesPage = (data, page) => ({ data, total: 3, page: page === 2 ? 1 : page }))],
    ['refused', () => (bench.opco.failing = only('UPSTREAM_AUTH'))],
    ['broken', () => (bench.opco.failing = only('UPSTREAM_ERROR'))],
    ['late', () => (bench.opco.failing = only('UPSTREAM_TIMEOUT'))],
    ['over the quota', () => (bench.opco.failing = only('RATE_LIMITED'))],
    ['cut after a page', () => (bench.opco.failing = only('UPSTREAM_ERROR', 2))],
  ])('stay when the list is %s, and the dossiers are polled all the same', async (_what, spoil) => {
    fill('TRANSMISE', 'EN_COURS', 'REGLE');
    await bench.poll();
    const before = await kept();
    spoil();
    bench.opco.dossiers.set('D1', { etat: 'SOLDE' });
    for (let often = 0; often < 3; often++) await again();
    expect(await kept()).toEqual(before);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, succeeded: true, paused_reason: null });
    expect((await bench.events(tenant)).map(({ type }) => type)).toEqual(['dossier.etat_changed']);
    bench.opco.failing = () => undefined;
    bench.opco.facturesPage = (data, page) => ({ data, total: 3, page });
    factures.set('F3', { etat: 'ANNULEE' });
    await again();
    expect(await told()).toEqual([moved('F3', 'REGLE', 'ANNULEE')]);
  });

  const only = (code: 'UPSTREAM_AUTH' | 'UPSTREAM_ERROR' | 'UPSTREAM_TIMEOUT' | 'RATE_LIMITED', from = 1) =>
    ((call) =>
      call.endpoint === 'facturesEtats' && Number(call.query['numeroPage']) >= from
        ? code
        : undefined) satisfies ScriptedOpco['failing'];

  it('are told by nobody who has lost the target meanwhile', async () => {
    fill('TRANSMISE');
    await bench.poll();
    const before = await kept();
    fill('REGLE');
    const hold = bench.loseClaimAt('facturesEtats');
    await again();
    expect([await kept(), await told()]).toEqual([before, []]);
    hold();
    await bench.asSystem('UPDATE poll_targets SET claimed_by = NULL, claimed_until = NULL');
    await again();
    expect(await told()).toEqual([moved('F1', 'TRANSMISE', 'REGLE')]);
  });

  it('are asked for when their time has come, sooner after a deposit, and never where the OPCO lists none', async () => {
    fill('TRANSMISE');
    await bench.poll();
    const [first] = await bench.asSystem<{ wait: number; calls: number; known: boolean }>(
      `SELECT extract(epoch FROM next_factures_at - now())::float AS wait, factures_calls AS calls,
         factures_known_at IS NOT NULL AS known FROM poll_targets`,
    );
    expect(first).toMatchObject({ calls: 1, known: true });
    expect(first?.wait).toBeGreaterThan(50);
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('facturesEtats')).toHaveLength(1);
    // A deposit ends while the list is being read: that wish outlives the reading.
    await bench.asSystem('UPDATE poll_targets SET next_factures_at = now()');
    const { run } = bench.opco;
    bench.opco.run = async function (call) {
      if (call.endpoint === 'facturesEtats') await bench.asSystem('UPDATE poll_targets SET next_factures_at = now()');
      return run.call(this, call);
    };
    await bench.pollAgain(tenant);
    bench.opco.run = run;
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('facturesEtats')).toHaveLength(3);
    bench.opco.factures = undefined;
    await again();
    expect(bench.opco.reads('facturesEtats')).toHaveLength(3);
  });

  it('are planned for by the calls that their whole list takes, not by those of one that broke off', async () => {
    const calls = async () =>
      (await bench.asSystem<{ calls: number }>('SELECT factures_calls AS calls FROM poll_targets'))[0]?.calls;
    fill('REGLE', 'REGLE', 'REGLE', 'REGLE', 'REGLE');
    await bench.poll();
    expect(await calls()).toBe(3);
    bench.opco.failing = only('UPSTREAM_ERROR', 2);
    await again();
    expect(await calls()).toBe(3);
    bench.opco.failing = () => undefined;
    for (const gone of ['F1', 'F2', 'F3']) factures.delete(gone);
    await again();
    expect(await calls()).toBe(1);
  });

  it('are kept and told by as many statements for a page as for one', async () => {
    let statements = 0;
    const counted = (own: Sql): Sql => ({ query: (...given) => (statements++, own.query(...given)) });
    const { database } = bench.db;
    const counting = Object.assign(Object.create(database) as typeof database, {
      asTenant: ((hash, work) => database.asTenant(hash, (own) => work(counted(own)))) as typeof database.asTenant,
    });
    const keep = async (etatFacture: string, count: number) => {
      statements = 0;
      const rows = Array.from({ length: count }, (_, at) => ({ numeroInterneFacture: `F${at}`, etatFacture }) as never);
      bench.forgetKeys(tenant);
      const seen = { tenant, opcoId: 'akto', rows, allKnown: true };
      const told = await bench.factures(counting).keep(seen, async () => undefined);
      return [told, statements];
    };
    const [, one] = await keep('TRANSMISE', 1);
    expect(await keep('EN_COURS', 50)).toEqual([50, (one ?? 0) + 1]);
    expect(await keep('REGLE', 50)).toEqual([50, one]);
  });

  it('whose key was erased are told anew with no state before, once', async () => {
    fill('TRANSMISE');
    await bench.poll();
    await bench.asSystem('DELETE FROM data_keys');
    bench.forgetKeys(tenant);
    await again();
    expect(await told()).toEqual([]);
    fill('REGLE');
    for (let twice = 0; twice < 2; twice++) await again();
    expect(await told()).toEqual([moved('F1', null, 'REGLE')]);
    fill('ANNULEE');
    await again();
    expect((await told()).at(-1)).toEqual(moved('F1', 'REGLE', 'ANNULEE'));
  });

  it('are forgotten, with their keys, long after a list that was seen whole had them last, and by no other list', async () => {
    fill('REGLE', 'REGLE');
    await bench.poll();
    const purge = async () => {
      const audit = new AuditTrail();
      return (await purgeSnapshots(bench.db.database, audit, { versionDays: 900, deletedDays: 90 })).factures;
    };
    await bench.asSystem("UPDATE watched_factures SET seen_at = now() - interval '200 days'");
    await bench.asSystem("UPDATE poll_targets SET factures_known_at = now() - interval '150 days'");
    expect(await purge()).toBe(0);
    const keys = async () => (await bench.asSystem('SELECT id FROM data_keys')).length;
    const all = await keys();
    factures.delete('F2');
    await again();
    expect([await purge(), (await kept()).length, await keys()]).toEqual([1, 1, all - 1]);
  });
});
