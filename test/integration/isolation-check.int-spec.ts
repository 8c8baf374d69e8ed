import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { checkIsolation, type IsolationGap } from '../../src/platform/database/check-isolation.js';
import { isolationRules } from '../../src/platform/database/isolation-rules.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const rowRule = `tenant_hash = current_setting('app.tenant_hash', true)`;

/** What somebody could do to the schema one day, and what must be said about it. */
const plants: readonly [does: string, statement: string, gap: IsolationGap][] = [
  [
    'a table without row-level security',
    'CREATE TABLE forgotten (tenant_hash text)',
    { object: 'forgotten', fault: 'rls-off', detail: '' },
  ],
  [
    'a table that nobody listed',
    'CREATE TABLE stray (id int)',
    { object: 'stray', fault: 'table-unlisted', detail: '' },
  ],
  [
    'a partition of a table, which its parent does not protect',
    `CREATE TABLE parted (tenant_hash text) PARTITION BY LIST (tenant_hash);
     CREATE TABLE parted_a PARTITION OF parted DEFAULT; GRANT SELECT ON parted_a TO opcovia_app`,
    { object: 'parted_a', fault: 'rls-off', detail: '' },
  ],
  [
    'row-level security switched off',
    'ALTER TABLE jobs DISABLE ROW LEVEL SECURITY',
    { object: 'jobs', fault: 'rls-off', detail: '' },
  ],
  [
    'row-level security that spares the owner',
    'ALTER TABLE webhooks NO FORCE ROW LEVEL SECURITY',
    { object: 'webhooks', fault: 'rls-not-forced', detail: '' },
  ],
  [
    'a table whose policy is gone',
    'DROP POLICY tenant_rows ON events',
    { object: 'events', fault: 'policy-missing', detail: 'opcovia_app' },
  ],
  [
    'a second policy that lets everything through',
    'CREATE POLICY oops ON jobs TO opcovia_app USING (true)',
    { object: 'jobs', fault: 'policy-too-wide', detail: 'oops (opcovia_app)' },
  ],
  [
    'a policy on another setting',
    `CREATE POLICY other ON jobs TO opcovia_app USING (tenant_hash = current_setting('app.tenant', true))`,
    { object: 'jobs', fault: 'policy-too-wide', detail: 'other (opcovia_app)' },
  ],
  [
    'a policy that judges what is read and not what is written',
    `CREATE POLICY half ON jobs TO opcovia_app USING (${rowRule}) WITH CHECK (true)`,
    { object: 'jobs', fault: 'policy-too-wide', detail: 'half (opcovia_app)' },
  ],
  [
    'a policy for everybody',
    `CREATE POLICY all_roles ON jobs USING (${rowRule})`,
    { object: 'jobs', fault: 'policy-too-wide', detail: 'all_roles (public)' },
  ],
  [
    'the admission door on a table that it is not for',
    `ALTER TABLE jobs ADD key_hash text; CREATE POLICY admission ON jobs FOR SELECT TO opcovia_app
       USING (key_hash = current_setting('app.key_hash', true))`,
    { object: 'jobs', fault: 'policy-too-wide', detail: 'admission (opcovia_app)' },
  ],
  [
    'a right too many',
    'GRANT TRUNCATE ON jobs TO opcovia_app',
    { object: 'jobs', fault: 'privilege-too-many', detail: 'opcovia_app: TRUNCATE' },
  ],
  [
    'a right on one column',
    'GRANT REFERENCES (subject) ON webhook_deliveries TO opcovia_app',
    { object: 'webhook_deliveries', fault: 'privilege-too-many', detail: 'opcovia_app: REFERENCES' },
  ],
  [
    'a right for everybody',
    'GRANT SELECT ON opco_clients TO PUBLIC',
    { object: 'opco_clients', fault: 'privilege-too-many', detail: 'public: SELECT' },
  ],
  [
    'a view with the eyes of its owner',
    'CREATE VIEW all_jobs AS SELECT * FROM jobs',
    { object: 'all_jobs', fault: 'view-with-owner-rights', detail: '' },
  ],
  [
    'a materialised copy',
    'CREATE MATERIALIZED VIEW job_copy AS SELECT * FROM jobs',
    { object: 'job_copy', fault: 'view-with-owner-rights', detail: '' },
  ],
  [
    'a function with the rights of its owner',
    `CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM jobs'`,
    { object: 'peek()', fault: 'function-with-owner-rights', detail: expect.stringContaining('called by public') },
  ],
  [
    'the accept function without its search path',
    `DO $$ BEGIN EXECUTE 'ALTER FUNCTION ' || (SELECT oid::regprocedure FROM pg_proc WHERE proname = 'accept_deposits' AND pronargs = 16) || ' RESET ALL'; END $$`,
    {
      object: expect.stringMatching(/^accept_deposits/),
      fault: 'function-with-owner-rights',
      detail: expect.anything(),
    },
  ],
  [
    'a table that a runtime role owns',
    'GRANT CREATE ON SCHEMA public TO opcovia_app; ALTER TABLE leaders OWNER TO opcovia_app',
    { object: 'opcovia_app', fault: 'role-too-strong', detail: 'owner of leaders' },
  ],
  [
    'a runtime role that may create',
    'GRANT CREATE ON SCHEMA public TO opcovia_app',
    { object: 'opcovia_app', fault: 'role-too-strong', detail: 'create in schema public' },
  ],
];

describe('the check of the isolation', () => {
  let test: TestDatabase;
  let owner: pg.Client;

  beforeAll(async () => {
    test = await createTestDatabase();
    owner = new pg.Client({ connectionString: test.url });
    await owner.connect();
  });

  afterAll(async () => {
    await owner.end();
    await test.drop();
  });

  const asOwner = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await owner.query<Row & Record<string, unknown>>(text, [...values])).rows,
  };

  /** Plants the fault in a transaction of the owner, looks, and takes it back. */
  async function gapsWith(statement: string, rules = isolationRules): Promise<readonly IsolationGap[]> {
    await owner.query('BEGIN');
    try {
      await owner.query(statement);
      return (await checkIsolation(asOwner, rules)).gaps;
    } finally {
      await owner.query('ROLLBACK');
    }
  }

  it('finds no gap in the schema of today, and looked at every table that bears a tenant', async () => {
    const { tables, gaps } = await test.database.asSystem((sql) => checkIsolation(sql));
    expect(gaps).toEqual([]);
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['jobs', 'tenants', 'snapshots']));
    expect(tables.filter(({ policies, sound }) => !sound || policies.length === 0)).toEqual([]);
  });

  it.each(plants)('names %s', async (_, statement, expected) => {
    expect(await gapsWith(statement)).toContainEqual(expected);
  });

  const withApp = (app: string) => ({ ...isolationRules, roles: { ...isolationRules.roles, app } });

  it.each([
    ['LOGIN', 'login'],
    ['IN ROLE opcovia_system', 'member of opcovia_system'],
  ])('names a runtime role made %s, and one that is not there', async (attribute, power) => {
    // A role of this test alone: roles belong to the whole server.
    const app = `planted_${randomBytes(6).toString('hex')}`;
    const gap = { object: app, fault: 'role-too-strong' };
    expect(await gapsWith(`CREATE ROLE ${app} ${attribute}`, withApp(app))).toContainEqual({ ...gap, detail: power });
    expect(await gapsWith('SELECT 1', withApp(app))).toContainEqual({ ...gap, detail: 'absent' });
  });

  it('names a runtime role that is a superuser or bypasses row-level security', async () => {
    const [row] = await asOwner.query<{ name: string }>(
      'SELECT rolname::text AS name FROM pg_roles WHERE rolsuper LIMIT 1',
    );
    const gaps = await gapsWith('SELECT 1', withApp(row?.name ?? ''));
    const powers = gaps.filter(({ object }) => object === row?.name).map(({ detail }) => detail);
    expect(powers).toEqual(expect.arrayContaining(['superuser', 'bypassrls']));
  });

  it('is a command that prints the tables, and exits with 1 and the name of what leaks', async () => {
    const run = async () => {
      const lines: string[] = [];
      const code = await runCommandLine(['isolation:check'], {
        terminal: { print: (line) => void lines.push(line), readSecret: () => Promise.resolve('') },
        databaseUrl: () => Promise.resolve(test.url),
        desk: () => Promise.reject(new Error('not needed')),
        apiKey: () => undefined,
        staffKey: () => undefined,
        stopped: () => new AbortController().signal,
      });
      return { code, text: lines.join('\n') };
    };
    const sound = await run();
    expect(sound.code).toBe(0);
    expect(sound.text).toMatch(/^ok +jobs +accept_rows, system_rows, tenant_rows$/m);
    await owner.query('ALTER TABLE snapshots NO FORCE ROW LEVEL SECURITY');
    const leaking = await run();
    await owner.query('ALTER TABLE snapshots FORCE ROW LEVEL SECURITY');
    expect(leaking.code).toBe(1);
    expect(leaking.text).toMatch(/^FAUTE +snapshots : la sécurité par ligne n’est pas imposée/m);
  });
});
