import pg from 'pg';
import { migrate, migrateDown } from '../../src/platform/database/migrate.js';
import { migrations } from '../../src/platform/database/migrations.js';
import { createEmptyDatabase, testDatabaseServer } from '../support/test-database.js';

/** Runs one statement as the login of the URL and gives the rows. */
async function rows<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row & Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const everythingOfOurs = `
  SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind <> 'i' AND c.relname NOT LIKE 'migrations%'
  UNION ALL SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'`;

describe('the migrations', () => {
  let url: string;
  let drop: () => Promise<void>;

  beforeEach(async () => {
    ({ url, drop } = await createEmptyDatabase());
  });

  afterEach(() => drop());

  it('are run by an owner who is no superuser', async () => {
    const [owner] = await rows<{ rolsuper: boolean }>(
      testDatabaseServer(),
      'SELECT rolsuper FROM pg_roles WHERE rolname = current_user',
    );
    expect(owner?.rolsuper).toBe(false);
  });

  it('go up, down without a trace, and up again', async () => {
    expect(await migrate(url)).toHaveLength(migrations.length);
    expect((await rows(url, everythingOfOurs)).length).toBeGreaterThan(migrations.length);
    await migrateDown(url);
    expect(await rows(url, everythingOfOurs)).toEqual([]);
    expect(await migrate(url)).toHaveLength(migrations.length);
  });

  it('are a no-op the second time', async () => {
    await migrate(url);
    expect(await migrate(url)).toEqual([]);
  });

  it('wait for each other when several instances start at once', async () => {
    const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(runs.map((names) => names.length).sort()).toEqual([0, 0, migrations.length]);
  });

  it('run at the same time in two databases of one cluster, whose roles they share', async () => {
    const second = await createEmptyDatabase();
    try {
      const runs = await Promise.all([migrate(url), migrate(second.url)]);
      expect(runs.map((names) => names.length)).toEqual([migrations.length, migrations.length]);
      await migrateDown(second.url);
      expect(await rows(url, 'SELECT 1 FROM tenants')).toEqual([]);
    } finally {
      await second.drop();
    }
  });

  it('leave accept_deposits to opcovia_accept, and open it to opcovia_app alone', async () => {
    await migrate(url);
    const made = await rows(
      url,
      `SELECT p.prosecdef AS definer, o.rolname AS owner,
              (SELECT array_agg(g.rolname::text ORDER BY g.rolname::text) FROM aclexplode(p.proacl) a
                 LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.privilege_type = 'EXECUTE') AS callers
       FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner WHERE p.proname = 'accept_deposits'`,
    );
    expect(made.length).toBeGreaterThan(0);
    for (const each of made)
      expect(each).toEqual({ definer: true, owner: 'opcovia_accept', callers: ['opcovia_accept', 'opcovia_app'] });
  });

  it('enable and force row-level security, with a policy, on every table that bears a tenant', async () => {
    await migrate(url);
    const tables = await rows<{ name: string; enabled: boolean; forced: boolean; policies: number }>(
      url,
      `SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
              (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_hash' AND NOT a.attisdropped
       WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(17);
    expect(tables.filter(({ enabled, forced, policies }) => !enabled || !forced || policies === 0)).toEqual([]);
  });
});
