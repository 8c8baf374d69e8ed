import pg from 'pg';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { Dossier } from '../../src/core/contract/dossier.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { purgeSnapshots } from '../../src/poller/purge-snapshots.js';
import { verifySnapshots } from '../../src/poller/verify-snapshots.js';
import { applyPatch } from '../support/apply-patch.js';
import { PollBench } from '../support/poll-bench.js';

const name = { opcoId: 'akto', numeroInterne: 'D1' };
const nothing = async () => undefined;

describe('the history of a dossier', () => {
  let bench: PollBench;
  let tenant: TenantHash;

  beforeAll(async () => {
    bench = await PollBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    tenant = await bench.aTarget();
  });

  const dossier = (etat: string, more: Partial<Dossier> = {}): Dossier => ({
    engagement: 1000,
    cerfa: { numeroInterne: 'D1', etat },
    echeances: [{ numero: 1, montantTotal: 400 }],
    ...more,
  });
  const keep = (one: Dossier, of = name) => bench.keep(tenant, { name: of, dossier: one });
  const page = (limit = 50, cursor?: string) =>
    bench.history.page(tenant, name, { limit, ...(cursor !== undefined && { cursor }) });
  const at = (instant: string | number) => bench.history.at(tenant, name, new Date(instant));

  async function asOwner(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: bench.db.url });
    await client.connect();
    try {
      await client.query('SET ROLE NONE');
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  it('lists the versions from the newest, each with its differences and the patch that leads to it', async () => {
    await keep(dossier('TRANSMIS'));
    await keep(dossier('ENGAGE'));
    await keep(dossier('ENGAGE', { engagement: 1200, echeances: [{ numero: 1, montantTotal: 480 }] }));
    const { data, nextCursor } = await page();
    expect(data.map(({ version, etat, deleted }) => [version, etat, deleted])).toEqual([
      [3, 'ENGAGE', false],
      [2, 'ENGAGE', false],
      [1, 'TRANSMIS', false],
    ]);
    expect(nextCursor).toBeNull();
    expect(data[0]?.changes).toEqual([
      { path: '/echeances/1/montantTotal', class: 'montant', before: 400, after: 480 },
      { path: '/engagement', class: 'montant', before: 1000, after: 1200 },
    ]);
    const [newest, middle] = data;
    const before = await at(middle?.observedAt ?? '');
    const after = await at(newest?.observedAt ?? '');
    expect(applyPatch(before.dossier, newest?.patch ?? [])).toEqual(after.dossier);
    expect(data.at(-1)).toMatchObject({ changes: [], patch: null });
  });

  it('gives every version once over pages of any size', async () => {
    for (let engagement = 1; engagement <= 7; engagement++) await keep(dossier('ENGAGE', { engagement }));
    for (const limit of [1, 2, 3, 7, 8]) {
      const seen: unknown[] = [];
      for (let cursor: string | undefined; ;) {
        const { data, nextCursor } = await page(limit, cursor);
        expect(data.every(({ version, changes }) => version === 1 || changes?.length === 1)).toBe(true);
        seen.push(...data.map(({ version }) => version));
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
      expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    }
    await expect(page(1, 'bm9uZQ')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('tells exactly what was known at any instant, to the millisecond, and nothing before the first', async () => {
    for (const engagement of [1, 2, 3]) await keep(dossier('ENGAGE', { engagement }));
    const { data } = await page();
    const [third, second, first] = data.map(({ observedAt }) => Date.parse(observedAt));
    if (!first || !second || !third) throw new Error('three versions were expected');
    expect(first < second && second < third).toBe(true);
    await expect(at(first - 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(at('0000-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const known = async (instant: number) => (await at(instant)).dossier?.engagement;
    expect([await known(first), await known(second - 1), await known(second), await known(third - 1)]).toEqual([
      1, 1, 2, 2,
    ]);
    expect([await known(third), (await at('9999-12-31T00:00:00Z')).dossier?.engagement]).toEqual([3, 3]);
    expect(await at(second)).toMatchObject({ version: 2, until: new Date(third).toISOString() });
    expect(await at(third)).toMatchObject({ version: 3, until: null });
  });

  it('waits for a writer: what was answered about an instant stays true', async () => {
    await keep(dossier('ENGAGE', { engagement: 1 }));
    let written: () => void = () => undefined;
    let commit: () => void = () => undefined;
    const inserted = new Promise<void>((resolve) => (written = resolve));
    const held = new Promise<void>((resolve) => (commit = resolve));
    const writing = bench.keep(tenant, { name, dossier: dossier('ENGAGE', { engagement: 2 }) }, async () => {
      written();
      await held;
    });
    await inserted;
    const instant = Date.now() + 1;
    const asked = at(instant);
    commit();
    await writing;
    expect((await asked).dossier?.engagement).toBe(2);
    expect((await at(instant)).dossier?.engagement).toBe(2);
  });

  it('lets two writers of one dossier write one version after the other', async () => {
    const told: (number | undefined)[] = [];
    await Promise.all(
      [1, 2, 3, 4].map((engagement) =>
        bench.keep(tenant, { name, dossier: dossier('ENGAGE', { engagement }) }, async (_sql, before) => {
          told.push(before?.version);
        }),
      ),
    );
    expect(told).toEqual([undefined, 1, 2, 3]);
    expect((await verifySnapshots(bench.db.database, tenant)).faults).toEqual([]);
  });

  it('writes nothing for another spelling, nor when what follows from it fails', async () => {
    await keep(dossier('ENGAGE'));
    expect(
      await keep(dossier('ENGAGE', { comment: 'lu', echeances: [{ montantTotal: 400, numero: 1, dateDebut: null }] })),
    ).toBe('unchanged');
    await expect(
      bench.keep(tenant, { name, dossier: dossier('SOLDE') }, () => Promise.reject(new Error('no event'))),
    ).rejects.toThrow('no event');
    expect(await bench.versions(tenant)).toHaveLength(1);
  });

  it('ends with a version that says so, and goes on from the last one seen', async () => {
    await keep(dossier('ENGAGE'));
    expect(await bench.snapshots.end(tenant, name, nothing)).toBe(true);
    expect(await bench.snapshots.end(tenant, name, nothing)).toBe(false);
    const ended = await at(Date.now() + 5);
    expect(ended).toMatchObject({ version: 2, deleted: true, dossier: null, etat: 'ENGAGE' });
    const kept = await keep(dossier('SOLDE'));
    expect(kept).toMatchObject({ before: { version: 1, etat: 'ENGAGE', deleted: true } });
    expect((await page()).data[0]?.changes).toEqual([
      { path: '/cerfa/etat', class: 'etat', before: 'ENGAGE', after: 'SOLDE' },
    ]);
  });

  it('seals all versions of a dossier by one key of its own: once it is gone, nothing is known', async () => {
    await keep(dossier('ENGAGE'));
    await keep(dossier('SOLDE'));
    const keys = await bench.db.database.asTenant(tenant, (sql) =>
      sql.query('SELECT DISTINCT data_key_id FROM snapshots'),
    );
    expect(keys).toHaveLength(1);
    await bench.db.database.asSystem((sql) => sql.query('DELETE FROM data_keys WHERE tenant_hash = $1', [tenant]));
    bench.forgetKeys(tenant);
    await expect(page()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(at(Date.now())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await verifySnapshots(bench.db.database, tenant)).faults).toEqual([]);
    expect(await keep(dossier('SOLDE'))).toBe('unchanged');
    expect(await keep(dossier('RUPTURE'))).toEqual({});
  });

  it('has a chain that names the first version that was changed, removed, or cut off', async () => {
    const names = ['edited', 'removed', 'front', 'cut', 'whole', 'all'].map((numeroInterne) => ({
      opcoId: 'akto',
      numeroInterne,
    }));
    for (const one of names) for (const engagement of [1, 2, 3, 4]) await keep(dossier('ENGAGE', { engagement }), one);
    const verify = () => verifySnapshots(bench.db.database, tenant);
    const before = await verify();
    expect(before).toMatchObject({ dossiers: 6, versions: 24, faults: [] });
    const of = (numero: string) => `tenant_hash = '${tenant}' AND numero_interne = '${numero}'`;
    await asOwner(`ALTER TABLE snapshots NO FORCE ROW LEVEL SECURITY;
      UPDATE snapshots SET etat = 'SOLDE' WHERE ${of('edited')} AND version = 2;
      DELETE FROM snapshots WHERE ${of('removed')} AND version = 3;
      DELETE FROM snapshots WHERE ${of('front')} AND version = 1;
      DELETE FROM snapshots WHERE ${of('cut')} AND version = 4;
      DELETE FROM snapshots WHERE ${of('all')};
      ALTER TABLE snapshots FORCE ROW LEVEL SECURITY`);
    const { faults, digest } = await verify();
    expect(faults.map(({ numeroInterne, version, kind }) => [numeroInterne, version, kind])).toEqual([
      ['all', 1, 'cut'],
      ['cut', 4, 'cut'],
      ['edited', 2, 'edited'],
      ['front', 1, 'missing'],
      ['removed', 3, 'missing'],
    ]);
    expect(digest).not.toBe(before.digest);
  });

  it('may lose its oldest versions to time, never the newest, and its chain still holds', async () => {
    for (const engagement of [1, 2, 3]) await keep(dossier('ENGAGE', { engagement }));
    await keep(dossier('ENGAGE'), { opcoId: 'akto', numeroInterne: 'gone' });
    await bench.snapshots.end(tenant, { opcoId: 'akto', numeroInterne: 'gone' }, nothing);
    const audit = new AuditTrail();
    const purge = (versionDays: number, deletedDays: number) =>
      purgeSnapshots(bench.db.database, audit, { versionDays, deletedDays });
    expect(await purge(1, 1)).toEqual({ versions: 0, dossiers: 0, factures: 0 });
    const { versions, dossiers } = await purge(0, 0);
    expect([versions >= 2, dossiers]).toEqual([true, 1]);
    const { data, nextCursor } = await page();
    expect([data, nextCursor]).toMatchObject([[{ version: 3, changes: null, patch: null }], null]);
    expect(await purge(0, 0)).toEqual({ versions: 0, dossiers: 0, factures: 0 });
    expect(await verifySnapshots(bench.db.database, tenant)).toMatchObject({ dossiers: 1, versions: 1, faults: [] });
    expect(await keep(dossier('SOLDE'))).toMatchObject({ before: { version: 3 } });
    expect((await verifySnapshots(bench.db.database, tenant)).faults).toEqual([]);
    const left = await bench.db.database.asTenant(tenant, (sql) => sql.query('SELECT id FROM data_keys'));
    expect(left).toHaveLength(1);
  });
});
