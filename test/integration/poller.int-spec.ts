import type { Sql } from '../../src/platform/database/database.js';
import { PollBench } from '../support/poll-bench.js';
import { ScriptedOpco } from '../support/polled-opco.js';

/** What a completed deposit does in its own transaction. */
const hasten = (sql: Sql, seconds: number) =>
  sql.query('UPDATE poll_targets SET next_poll_at = least(next_poll_at, now() + make_interval(secs => $1))', [seconds]);

describe('the poller', () => {
  let bench: PollBench;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(() => {
    bench.opco = new ScriptedOpco();
  });

  it('keeps a first sealed snapshot of each dossier, and no event', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    await bench.poll();
    expect(
      (await bench.versions(tenant)).map(({ numero_interne, version, etat }) => [numero_interne, version, etat]),
    ).toEqual([
      ['D1', 1, 'TRANSMIS'],
      ['D2', 1, 'TRANSMIS'],
      ['D3', 1, 'TRANSMIS'],
    ]);
    expect((await bench.versions(tenant))[0]?.content).toMatch(/^v1\./);
    expect(await bench.events(tenant)).toEqual([]);
    expect(bench.opco.reads('etats').map(({ query }) => query)).toEqual([{ numeroPage: 1 }, { numeroPage: 2 }]);
    expect(
      bench.opco.calls.every(
        ({ traffic, cache, tenant: asked }) => traffic === 'poll' && cache.noCache === true && asked.hash === tenant,
      ),
    ).toBe(true);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, claimed: false, succeeded: true });
    expect((await bench.target(tenant))?.wait).toBeCloseTo(30, 0);
  });

  it('tells what became of a deposit of ours that it first sees after it moved on, and of no foreign one', async () => {
    const tenant = await bench.aTarget();
    await bench.deposited(tenant, 'D1');
    for (const name of ['D1', 'D2']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    await bench.poll();
    const [, ...told] = await bench.events(tenant);
    expect(told).toEqual([
      {
        type: 'dossier.etat_changed',
        subject: 'dossier:akto:D1',
        data: {
          numeroInterne: 'D1',
          before: 'TRANSMIS',
          after: 'ENGAGE',
          changes: [{ path: '/cerfa/etat', class: 'etat', before: 'TRANSMIS', after: 'ENGAGE' }],
        },
      },
    ]);
    // Whoever reads it first: how often it changes is counted from then on.
    const changes = await bench.db.database.asTenant(tenant, (sql) =>
      sql.query('SELECT changes FROM watched_dossiers'),
    );
    expect(changes).toEqual([{ changes: 0 }, { changes: 0 }]);
  });

  it('is not held up by one dossier that the OPCO cannot show, and ends at once when it can show none', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3', 'D4']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    bench.opco.failing = ({ query }) => (query['numeroInterne'] === 'D1' ? 'UPSTREAM_TIMEOUT' : undefined);
    await bench.poll();
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, succeeded: true });
    expect(bench.opco.reads('dossier').map(({ query }) => query['numeroInterne'])).toEqual(['D1', 'D2', 'D3', 'D4']);
    for (const name of ['D5', 'D6', 'D7', 'D8']) bench.opco.dossiers.set(name, { etat: 'ENGAGE' });
    bench.opco.failing = ({ endpoint }) => (endpoint === 'dossier' ? 'UPSTREAM_ERROR' : undefined);
    bench.opco.calls.length = 0;
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('dossier')).toHaveLength(3);
    expect(await bench.target(tenant)).toMatchObject({ failures: 1 });
  });

  it('tells of a changed state with both values, reads only that dossier again, and forgets its cached answers', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    await bench.poll();
    bench.opco.dossiers.set('D2', { etat: 'ENGAGE', engagement: 1000, nom: 'Grand' });
    bench.opco.calls.length = 0;
    await bench.pollAgain(tenant);
    expect(await bench.events(tenant)).toEqual([
      {
        type: 'dossier.etat_changed',
        subject: 'dossier:akto:D2',
        data: {
          numeroInterne: 'D2',
          before: 'TRANSMIS',
          after: 'ENGAGE',
          changes: [
            { path: '/cerfa/apprenti/nom', class: 'autre' },
            { path: '/cerfa/etat', class: 'etat', before: 'TRANSMIS', after: 'ENGAGE' },
            { path: '/engagement', class: 'montant', before: null, after: 1000 },
          ],
        },
      },
    ]);
    expect(bench.opco.reads('dossier').map(({ query }) => query)).toEqual([{ numeroInterne: 'D2' }]);
    expect(bench.forgotten).toContain('dossier:D2');
    await bench.pollAgain(tenant);
    expect(await bench.events(tenant)).toHaveLength(1);
    expect((await bench.versions(tenant)).map(({ version }) => version)).toEqual([1, 1, 2, 1]);
  });

  it('reports a detail that lags behind the list as updated now and as changed once it follows', async () => {
    const tenant = await bench.aTarget();
    bench.opco.dossiers.set('D1', { etat: 'TRANSMIS' });
    await bench.poll();
    bench.opco.dossiers.set('D1', { etat: 'ENGAGE', detailEtat: 'TRANSMIS', engagement: 5 });
    await bench.pollAgain(tenant);
    bench.opco.dossiers.set('D1', { etat: 'ENGAGE', engagement: 5 });
    await bench.pollAgain(tenant);
    expect((await bench.events(tenant)).map(({ type }) => type)).toEqual(['dossier.updated', 'dossier.etat_changed']);
  });

  it('keeps what it read before a page failed, deletes nothing, and backs off', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    bench.opco.failing = ({ endpoint, query }) =>
      endpoint === 'etats' && query['numeroPage'] === 2 ? 'UPSTREAM_ERROR' : undefined;
    await bench.poll();
    expect((await bench.versions(tenant)).map(({ numero_interne }) => numero_interne)).toEqual(['D1', 'D2']);
    expect(await bench.target(tenant)).toMatchObject({ failures: 1, succeeded: false, paused_reason: null });
    expect((await bench.target(tenant))?.wait).toBeCloseTo(120, 0);
    bench.opco.failing = () => undefined;
    bench.opco.dossiers.delete('D1');
    await bench.pollAgain(tenant);
    expect((await bench.versions(tenant)).map(({ numero_interne }) => numero_interne)).toEqual(['D1', 'D2', 'D3']);
    expect(await bench.events(tenant)).toEqual([]);
    expect(await bench.target(tenant)).toMatchObject({ failures: 0 });
  });

  it('stops at a page that the OPCO repeats', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3', 'D4']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    bench.opco.page = () => ({ data: [{ numeroInterne: 'D1', etat: 'TRANSMIS' }], total: 4, page: 2 });
    await bench.poll();
    bench.opco.page = (_data, numeroPage) => ({
      data: [{ numeroInterne: 'D1', etat: 'TRANSMIS' }],
      total: 4,
      page: numeroPage,
    });
    await bench.pollAgain(tenant);
    expect(bench.opco.reads('etats').map(({ query }) => query['numeroPage'])).toEqual([1, 1, 2]);
    expect(await bench.target(tenant)).toMatchObject({ failures: 2, succeeded: false });
  });

  it('waits for its turn in the budget of the OPCO instead of reading the list again', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2', 'D3']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    let refusals = 2;
    bench.opco.failing = ({ endpoint }) => (endpoint === 'dossier' && refusals-- > 0 ? 'RATE_LIMITED' : undefined);
    const before = bench.waits.length;
    await bench.poll();
    expect(bench.waits.slice(before)).toEqual([1000, 1000]);
    expect(await bench.versions(tenant)).toHaveLength(3);
    expect(bench.opco.reads('etats')).toHaveLength(2);
  });

  it('passes over a dossier whose detail cannot be read', async () => {
    const tenant = await bench.aTarget();
    for (const name of ['D1', 'D2']) bench.opco.dossiers.set(name, { etat: 'TRANSMIS' });
    bench.opco.failing = ({ query }) => (query['numeroInterne'] === 'D1' ? 'UPSTREAM_INVALID' : undefined);
    await bench.poll();
    expect((await bench.versions(tenant)).map(({ numero_interne }) => numero_interne)).toEqual(['D2']);
    expect(await bench.target(tenant)).toMatchObject({ succeeded: true });
  });

  it('pauses with the reason when the key is refused or the OPCO offers no list, and only then', async () => {
    const tenant = await bench.aTarget();
    bench.opco.failing = () => 'UPSTREAM_AUTH';
    await bench.poll();
    expect(await bench.target(tenant)).toMatchObject({ paused_reason: 'credentials' });
    expect((await bench.target(tenant))?.wait).toBeGreaterThan(3000);
    bench.opco.failing = () => 'RATE_LIMITED';
    const other = await bench.aTarget();
    await bench.poll();
    expect(await bench.target(other)).toMatchObject({ paused_reason: null, failures: 0 });
    const elsewhere = await bench.aTarget('afdas');
    await bench.poll();
    expect(await bench.target(elsewhere)).toMatchObject({ paused_reason: 'not_supported' });
  });

  it('is never in two places at once for a tenant at an OPCO, and hears a wish for an earlier poll meanwhile', async () => {
    const tenant = await bench.aTarget();
    bench.opco.dossiers.set('D1', { etat: 'SOLDE' });
    let open: () => void = () => undefined;
    bench.opco.gate = new Promise((resolve) => (open = resolve));
    const [first, second] = [bench.anInstance(), bench.anInstance()];
    await Promise.all([first.round(), second.round()]);
    await second.round();
    await bench.db.database.asTenant(tenant, (sql) => hasten(sql, 5));
    open();
    await Promise.all([first.drain(), second.drain()]);
    expect(bench.opco.reads('etats')).toHaveLength(1);
    expect((await bench.target(tenant))?.wait).toBeLessThan(6);
  });

  it('takes over from a process that vanished, whose late end then changes nothing', async () => {
    const tenant = await bench.aTarget();
    bench.opco.dossiers.set('D1', { etat: 'SOLDE' });
    const { targets } = bench;
    const [lost] = await targets.claim(1, -1);
    await bench.poll();
    const after = await bench.target(tenant);
    if (!lost) throw new Error('nothing was claimed');
    expect(await targets.renew(lost, 100)).toBe(false);
    await targets.end(lost, { outcome: 'failed', nextInSeconds: 1 });
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, succeeded: true, claimed: false });
    expect((await bench.target(tenant))?.wait).toBeCloseTo(after?.wait ?? 0, 0);
  });

  it('postpones what is under way when it stops, and counts no failure', async () => {
    const tenant = await bench.aTarget();
    bench.opco.dossiers.set('D1', { etat: 'SOLDE' });
    let open: () => void = () => undefined;
    bench.opco.gate = new Promise((resolve) => (open = resolve));
    const poller = bench.anInstance();
    await poller.round();
    const stopped = poller.onModuleDestroy();
    open();
    await stopped;
    expect(await bench.target(tenant)).toMatchObject({ failures: 0, succeeded: false, claimed: false });
    expect((await bench.target(tenant))?.wait).toBeLessThanOrEqual(0);
    expect(bench.opco.calls[0]?.signal?.aborted).toBe(true);
  });

  it('leaves suspended tenants alone', async () => {
    const tenant = await bench.aTarget();
    await bench.db.database.asSystem((sql) =>
      sql.query('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', [tenant]),
    );
    await bench.poll();
    expect(bench.opco.calls).toEqual([]);
  });
});
