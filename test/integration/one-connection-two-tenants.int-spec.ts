import { createHash, randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { DataSource } from 'typeorm';
import { readTenantHash, type TenantHash } from '../../src/core/tenant.js';
import { runtimeOptions } from '../../src/platform/database/data-source.js';
import { Database, type Sql } from '../../src/platform/database/database.js';
import { StatementNames } from '../../src/platform/database/statement-names.js';
import { isolationRules } from '../../src/platform/database/isolation-rules.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const tenantNamed = (name: string) => readTenantHash(createHash('sha256').update(name).digest('hex'));
const [alice, bruno] = [tenantNamed('alice'), tenantNamed('bruno')];

/** A way for a transaction to end, and what brings it about. */
type Wrong = readonly [name: string, (sql: Sql) => Promise<unknown>];

describe('one connection for two tenants', () => {
  let test: TestDatabase;
  let app: DataSource;
  let system: DataSource;
  let database: Database;
  let borrowed: PoolClient | undefined;

  beforeAll(async () => {
    test = await createTestDatabase();
    app = await new DataSource(runtimeOptions(test.url, 'opcovia_app', { poolSize: 1 })).initialize();
    system = await new DataSource(runtimeOptions(test.url, 'opcovia_system', { poolSize: 1 })).initialize();
    database = new Database(app, system, new StatementNames());
    (app.driver as unknown as { master: Pool }).master.on('acquire', (client) => (borrowed = client));
    for (const tenant of [alice, bruno]) {
      await database.asSystem((sql) =>
        sql.query(
          `INSERT INTO jobs (id, tenant_hash, environment, opco_id, type, data_key_id, progress, request_id)
           VALUES ($1, $2, 'test', 'akto', 'facture', gen_random_uuid(), '{}', $2)`,
          [randomUUID(), tenant],
        ),
      );
    }
  });

  afterAll(async () => {
    await Promise.all([app.destroy(), system.destroy()]);
    await test.drop();
  });

  const wrongs: readonly Wrong[] = [
    ['nothing', () => Promise.resolve()],
    ['a uuid that is none', (sql) => sql.query(`SELECT 'no uuid'::uuid`)],
    [
      'a statement that takes too long',
      async (sql) => {
        await sql.query('SET LOCAL statement_timeout = 5');
        await sql.query('SELECT pg_sleep(2)');
      },
    ],
    ['a server that ends the connection', (sql) => sql.query('SELECT pg_terminate_backend(pg_backend_pid())')],
    [
      'a connection that breaks half-way',
      (sql) => {
        const answer = sql.query('SELECT pg_sleep(2)');
        (borrowed as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        return answer;
      },
    ],
    ['an error of ours', () => Promise.reject(new Error('ours'))],
  ];

  async function seenBy(tenant: TenantHash, [name, wrong]: Wrong): Promise<readonly [string, readonly string[]]> {
    let seen: string[] = [];
    const failed = await database
      .asTenant(tenant, async (sql) => {
        const rows = await sql.query<{ request_id: string }>('SELECT request_id FROM jobs');
        seen = rows.map((row) => row.request_id);
        await wrong(sql);
      })
      .then(
        () => 'nothing',
        () => name,
      );
    return [failed, seen];
  }

  it('shows each its own rows through five hundred interleaved transactions that fail in every way', async () => {
    const crossings: unknown[] = [];
    const happened = new Set<string>();
    let own = 0;
    const work = Array.from({ length: 500 }, (_, i) => ({
      tenant: i % 2 ? alice : bruno,
      wrong: wrongs[Math.floor(i / 2) % wrongs.length] as Wrong,
    }));
    const worker = async () => {
      for (let next = work.shift(); next; next = work.shift()) {
        const [name, seen] = await seenBy(next.tenant, next.wrong);
        happened.add(name);
        if (seen.some((owner) => owner !== next.tenant)) crossings.push([name, seen]);
        if (seen.length === 1) own += 1;
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    expect(crossings).toEqual([]);
    expect(own).toBe(500);
    expect([...happened].sort()).toEqual(wrongs.map(([name]) => name).sort());
    expect(await database.call('SELECT count(*)::int AS n FROM jobs', [])).toEqual([{ n: 0 }]);
    expect(database.usage()[0]?.total).toBe(1);
  });

  it.each(['app', 'system', 'accept'] as const)('lets the role %s read exactly the tables it is for', async (kind) => {
    const readable = (role: string) => `SELECT c.relname::text AS name FROM pg_class c
      WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND has_table_privilege('${role}', c.oid, 'SELECT')`;
    const rows = await database.asSystem((sql) => sql.query<{ name: string }>(readable(isolationRules.roles[kind])));
    const listed = Object.entries(isolationRules.tables).filter(([, allowed]) => allowed[kind]?.includes('SELECT'));
    expect(rows.map(({ name }) => name).sort()).toEqual(listed.map(([name]) => name).sort());
  });

  it('opens to the accept role its own tables only, and to the application role no row of the operator', async () => {
    const accepting = Object.entries(isolationRules.tables).flatMap(([name, { accept }]) => (accept ? [name] : []));
    expect(accepting.sort()).toEqual([
      'audit_logs',
      'data_keys',
      'deposit_files',
      'idempotency_claims',
      'job_outbox',
      'jobs',
    ]);
    for (const table of ['opco_clients', 'keyring_checks', 'leaders', 'migrations']) {
      await expect(database.call(`SELECT 1 FROM ${table}`, [])).rejects.toMatchObject({ code: '42501' });
    }
  });
});
