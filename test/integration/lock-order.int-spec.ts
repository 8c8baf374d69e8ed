import type { Dossier } from '../../src/core/contract/dossier.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { EventLog } from '../../src/events/event-log.js';
import { KeepDossiers } from '../../src/sync/keep-dossiers.js';
import { SyncBench } from '../support/sync-bench.js';

const read = (numeroInterne: string, etat = 'ENGAGE') =>
  ({ numeroInterne, dossier: { cerfa: { numeroInterne, etat }, echeances: null } as unknown as Dossier }) as const;

describe('who locks several dossiers', () => {
  let bench: SyncBench;
  let tenant: TenantHash;

  beforeAll(async () => {
    bench = await SyncBench.create();
  });
  afterAll(() => bench?.db.drop());
  beforeEach(async () => {
    await bench.asSystem('DELETE FROM sync_jobs');
    ({ tenant } = await bench.aSync(0));
  });

  const keeper = () => new KeepDossiers(bench.snapshots, new EventLog(), () => '2026-10-15');
  /** Resolves once somebody waits for a lock, or the work is over. */
  const waits = async (work: Promise<unknown>) => {
    let over = false;
    const end = () => (over = true);
    work.then(end, end);
    const waiting = `SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted`;
    while (!over && (await bench.asSystem(waiting)).length === 0);
  };

  it('does so in one order: a batch whose last dossier has changed, and a scan without any of them', async () => {
    const claim = await bench.aListedClaim('A', 'B');
    await bench.commits().commit(claim, { dossiers: [read('A'), read('B')], seconds: 1 });
    const counting: Promise<unknown>[] = [];
    const keepAll: KeepDossiers['keepAll'] = async (...given) => {
      const kept = await keeper().keepAll(...given);
      // Between the versions of the batch and the clocks of its dossiers.
      counting.push(bench.watch.countAbsences(tenant, 'akto', new Set(), async () => undefined));
      await Promise.all(counting.map(waits));
      return kept;
    };
    const batch = { dossiers: [read('A'), read('B', 'SOLDE')], seconds: 0 };
    await expect(bench.commits({ keepAll }).commit(claim, batch)).resolves.toBeUndefined();
    await expect(Promise.all(counting)).resolves.toHaveLength(1);
  });

  it('keeps to the order of PostgreSQL, which is that of bytes', async () => {
    const numbers = ['\u{1f600}', '\uff5e', 'a', 'B', 'é'];
    const claim = await bench.aListedClaim(...numbers);
    const order: string[][] = [];
    const keepAll: KeepDossiers['keepAll'] = async (sql, hash, sights) => {
      order.push(sights.map(({ name }) => name.numeroInterne));
      return keeper().keepAll(sql, hash, sights);
    };
    await bench.commits({ keepAll }).commit(claim, { dossiers: numbers.map((each) => read(each)), seconds: 1 });
    const sorted = await bench.asSystem('SELECT n FROM unnest($1::text[]) AS n ORDER BY n COLLATE "C"', [numbers]);
    expect(order).toEqual([(sorted as { n: string }[]).map(({ n }) => n)]);
  });
});
