import pg from 'pg';
import { ChangeOverride } from '../../src/admin/limits/change-override.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { budgetKey } from '../../src/core/keys.js';
import { BudgetSizes } from '../../src/hub/central/sizes.js';
import { OverrideNews } from '../../src/hub/overrides/override-news.js';
import { OverridesInForce } from '../../src/hub/overrides/overrides-in-force.js';
import { OverridesRepository } from '../../src/hub/overrides/overrides.repository.js';
import { ManualClock } from '../support/an-exchange.js';
import { eventually } from '../support/product.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const name = { opcoId: 'akto', environment: 'test' } as const;
const budget = budgetKey('akto', 'test');
const alix = { actor: 'staff:alix' };

describe('what staff says of the budgets', () => {
  let test: TestDatabase;
  beforeAll(async () => (test = await createTestDatabase()));
  afterAll(() => test.drop());
  beforeEach(() => test.database.asSystem((sql) => sql.query('DELETE FROM budget_overrides')));

  /** One process, as far as this goes. */
  function aProcess(url = test.url, clock: Clock = systemClock) {
    const { database } = test;
    const table = new OverridesRepository(database);
    const sizes = new BudgetSizes();
    sizes.declare(budget, { rate: 10, burst: 10, ceiling: 20 });
    const overrides = new OverridesInForce(() => table.running(), sizes, systemClock);
    const parts = { database, table, sizes, overrides, audit: new AuditTrail(), clock: systemClock };
    const news = new OverrideNews(overrides, clock, url);
    const hears = (rate: number | undefined) =>
      eventually(
        () => Promise.resolve(overrides.of(budget)?.rate),
        (said) => said === rate,
      );
    return { table, change: new ChangeOverride(parts), news, hears };
  }
  const order = (rate: number) => ({ rate, reason: 'essai', expiresAt: new Date(Date.now() + 600_000).toISOString() });
  const rows = <Row extends object>(text: string) => test.database.asSystem((sql) => sql.query<Row>(text));
  const traces = () =>
    rows<{ details: Record<string, unknown> }>(
      `SELECT details FROM audit_logs WHERE action LIKE 'budget.%' ORDER BY id`,
    );

  it('leaves a trace of what was before also where two say something of one budget at once', async () => {
    const { table, change } = aProcess();
    const before = (await traces()).length;
    let second: Promise<unknown> = Promise.resolve();
    let over = false;
    await test.database.asSystem(async (sql) => {
      await table.locked(sql, name.opcoId, name.environment);
      await table.put(sql, {
        ...name,
        ...order(3),
        burst: null,
        mode: 'enforce',
        setBy: 'cli',
        expiresAt: new Date(Date.now() + 600_000),
      });
      second = change.set(name, order(5), alix).finally(() => (over = true));
      await eventually(
        () => rows<{ n: number }>('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted'),
        ([waiting]) => over || (waiting?.n ?? 0) > 0,
      );
    });
    await second;
    expect((await traces()).slice(before)).toMatchObject([{ details: { beforeRate: 3, afterRate: 5 } }]);
  });

  it('is kept with its trace or not at all, and taken back so', async () => {
    const { change } = aProcess();
    const nowhere = { ...alix, source: 'no network' };
    const count = async () => [(await rows('SELECT 1 FROM budget_overrides')).length, (await traces()).length];
    const before = await count();
    await expect(change.set(name, order(2), nowhere)).rejects.toThrow();
    expect(await count()).toEqual(before);
    await change.set(name, order(2), alix);
    const kept = await count();
    expect(kept).toEqual([1, (before[1] ?? 0) + 1]);
    await expect(change.end(name, nowhere)).rejects.toThrow();
    expect(await count()).toEqual(kept);
  });

  it('is heard of in other processes, also after the connection on which they listen was lost', async () => {
    const [one, other] = [aProcess(), aProcess()];
    await other.news.start();
    await one.change.set(name, order(2), alix);
    await other.hears(2);
    const owner = new pg.Client({ connectionString: test.url });
    await owner.connect();
    const ended = await owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opcovia_news' AND datname = current_database()`,
    );
    expect(ended.rowCount).toBe(1);
    await one.change.set(name, order(4), alix);
    await other.hears(4);
    await one.change.end(name, alix);
    await other.hears(undefined);
    await Promise.all([other.news.stop(), owner.end()]);
  });

  it('is read every ten seconds where announcements cannot be heard at all', async () => {
    const elsewhere = new URL(test.url);
    elsewhere.port = '1';
    const clock = new ManualClock();
    const [one, deaf] = [aProcess(), aProcess(elsewhere.href, clock)];
    await deaf.news.start();
    await one.change.set(name, order(2), alix);
    clock.pass(10.001);
    await deaf.hears(2);
    await deaf.news.stop();
  });
});
