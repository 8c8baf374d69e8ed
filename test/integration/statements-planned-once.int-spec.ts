import { DataSource } from 'typeorm';
import { runtimeOptions } from '../../src/platform/database/data-source.js';
import { Database } from '../../src/platform/database/database.js';
import { openDatabase } from '../../src/platform/database/open-database.js';
import { StatementNames } from '../../src/platform/database/statement-names.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('a statement', () => {
  let test: TestDatabase;
  let owner: DataSource;
  let pool: DataSource;

  beforeAll(async () => {
    test = await createTestDatabase();
    owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
    await owner.query('CREATE TABLE things (id int, name varchar(20)); GRANT SELECT ON things TO opcovia_system');
  });

  beforeEach(async () => {
    pool = await new DataSource(runtimeOptions(test.url, 'opcovia_system', { poolSize: 1 })).initialize();
  });

  afterEach(() => pool.destroy());

  afterAll(async () => {
    await owner.destroy();
    await test.drop();
  });

  const byId = 'SELECT * FROM things WHERE id = $1';
  const ask = (database: Database) => database.asSystem((sql) => sql.query(byId, [1]));
  /** How often each statement that the one connection knows was run. */
  const planned = (database: Database) =>
    database.asSystem((sql) =>
      sql.query<{ text: string; runs: number }>(
        'SELECT statement AS text, (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements',
      ),
    );

  it('is parsed once a connection, however many transactions run it', async () => {
    const database = new Database(pool, pool, new StatementNames());
    for (let run = 0; run < 3; run++) await ask(database);
    await database.call(byId, [1]);
    expect(await planned(database)).toEqual([{ text: byId, runs: 4 }]);
  });

  it('is parsed at each call where the operator wants no names', async () => {
    const database = new Database(pool, pool, new StatementNames(0));
    await ask(database);
    expect(await planned(database)).toEqual([]);
  });

  it('of a command is parsed at each call unless the configuration says otherwise', async () => {
    for (const [names, texts] of [
      [undefined, []],
      [new StatementNames(500), [byId]],
    ] as const) {
      const { database, close } = await openDatabase(test.url, 1, names);
      await ask(database);
      expect((await planned(database)).map(({ text }) => text)).toEqual(texts);
      await close();
    }
  });

  it('whose answer a migration gave another type is refused once, for a moment', async () => {
    const database = new Database(pool, pool, new StatementNames());
    await ask(database);
    await owner.query('ALTER TABLE things ALTER COLUMN name TYPE text');
    await expect(ask(database)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await ask(database)).toEqual([]);
    expect(await planned(database)).toEqual([{ text: byId, runs: 1 }]);
  });

  it.each([
    ['another session than the one that knows it', 'DEALLOCATE ALL', ask],
    ['another session, outside a transaction', 'DEALLOCATE ALL', (each: Database) => each.call(byId, [1])],
  ])('that a pooler brings to %s is refused once; then nothing has a name', async (_, swap, again) => {
    const database = new Database(pool, pool, new StatementNames());
    await ask(database);
    await database.asSystem((sql) => sql.query(swap));
    await expect(again(database)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await again(database)).toEqual([]);
    expect(await planned(database)).toEqual([]);
  });
});
