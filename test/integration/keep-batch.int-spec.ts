import fc from 'fast-check';
import type { Dossier } from '../../src/core/contract/dossier.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { EventLog } from '../../src/events/event-log.js';
import type { Sight } from '../../src/poller/snapshot.repository.js';
import { verifySnapshots } from '../../src/poller/verify-snapshots.js';
import type { Sighting } from '../../src/poller/keep-and-tell.js';
import { KeepDossiers } from '../../src/sync/keep-dossiers.js';
import { SyncBench } from '../support/sync-bench.js';

const events = new EventLog();

describe('a batch of dossiers that is kept', () => {
  let bench: SyncBench;
  beforeAll(async () => {
    bench = await SyncBench.create();
  });
  afterAll(() => bench?.db.drop());

  const aTenant = async () => (await bench.aSync(0)).tenant;
  const keeper = () => new KeepDossiers(bench.snapshots, events, () => '2026-10-15');
  const sight = (numeroInterne: string, engagement: number): Sight => ({
    name: { opcoId: 'akto', numeroInterne },
    dossier: { engagement, cerfa: { numeroInterne, etat: engagement === 0 ? 'TRANSMIS' : 'ENGAGE' } } as Dossier,
  });
  const keep = (tenant: TenantHash, sights: readonly Sight[]) =>
    bench.db.database.asTenant(tenant, (sql) => keeper().keepAll(sql, tenant, sights));

  async function keepEach(tenant: TenantHash, sights: readonly Sight[]): Promise<Sighting[]> {
    const kept: Sighting[] = [];
    for (const each of sights) kept.push(...(await keep(tenant, [each])));
    return kept;
  }

  const end = (tenant: TenantHash, numeroInterne: string) =>
    bench.snapshots.end(tenant, { opcoId: 'akto', numeroInterne }, async () => undefined);

  /** Whether a writer stands before the lock of a dossier that another one holds. */
  async function somebodyWaits(): Promise<boolean> {
    const waiting = await bench.asSystem(
      `SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
       WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`,
    );
    return waiting.length > 0;
  }

  /** What stands in the tables, without what no two runs share. */
  async function stored(tenant: TenantHash) {
    const versions = await bench.asSystem(
      `SELECT numero_interne, version, etat, kind, dense_rank() OVER (PARTITION BY numero_interne ORDER BY data_key_id) AS key
       FROM snapshots WHERE tenant_hash = $1 ORDER BY numero_interne, version`,
      [tenant],
    );
    const watched = await bench.asSystem(
      `SELECT numero_interne, last_version, etat, deleted_at IS NULL AS there, findings_hash FROM watched_dossiers
       WHERE tenant_hash = $1 ORDER BY numero_interne`,
      [tenant],
    );
    const told = await bench.asSystem(
      `SELECT type, subject, data FROM events WHERE tenant_hash = $1 ORDER BY ordinal`,
      [tenant],
    );
    return { versions, watched, told };
  }

  it('leaves what keeping them one by one leaves, whatever they were before', async () => {
    const round = fc.record({
      shown: fc.dictionary(fc.constantFrom('D1', 'D2', 'D3', 'D4'), fc.integer({ min: 0, max: 2 })),
      ended: fc.option(fc.constantFrom('D1', 'D2')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
        const [together, apart] = [await aTenant(), await aTenant()];
        for (const { shown, ended } of rounds) {
          const numbers = Object.keys(shown).sort();
          const sights = numbers.map((numero) => sight(numero, shown[numero] ?? 0));
          expect(await keep(together, sights)).toEqual(await keepEach(apart, sights));
          for (const tenant of [together, apart]) if (ended) await end(tenant, ended);
        }
        expect(await stored(together)).toEqual(await stored(apart));
        expect((await verifySnapshots(bench.db.database, together)).faults).toEqual([]);
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  it('is kept once by two who read it at the same time, and told once', async () => {
    const tenant = await aTenant();
    const numbers = Array.from({ length: 40 }, (_, at) => `D${100 + at}`);
    const batch = (engagement: number) => numbers.map((numero) => sight(numero, engagement));
    await keep(tenant, batch(1));
    let second: Promise<unknown> = Promise.resolve();
    const both: Sighting[][] = [];
    await bench.db.database.asTenant(tenant, async (sql) => {
      both.push(await keeper().keepAll(sql, tenant, batch(2)));
      const other = keep(tenant, batch(2)).then((kept) => both.push(kept));
      while (!(await somebodyWaits()) && both.length < 2) await new Promise((resolve) => setImmediate(resolve));
      second = other;
    });
    await second;
    expect(both.map((kept) => new Set(kept))).toEqual([new Set(['changed']), new Set(['unchanged'])]);
    const { versions, told } = await stored(tenant);
    expect([versions.length, told.length]).toEqual([80, 40]);
  });

  it('leaves nothing when one of them cannot be kept', async () => {
    const tenant = await aTenant();
    const twice = [sight('D1', 1), sight('D2', 1), sight('D2', 2)];
    await expect(keep(tenant, twice)).rejects.toThrow();
    expect(await stored(tenant)).toEqual({ versions: [], watched: [], told: [] });
  });
});
