import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { readTenantHash, type TenantHash } from '../../src/core/tenant.js';
import type { Sql } from '../../src/platform/database/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const alice = tenantNamed('alice');
const bruno = tenantNamed('bruno');

/** One row of each tenant-bearing table, in an order that pleases the foreign keys; $1 is the tenant. */
const fill: Readonly<Record<string, string>> = {
  tenants: `(tenant_hash, nom, environment) VALUES ($1, 'CFA', 'test')`,
  api_keys: `(id, tenant_hash, key_hash, prefix, label) VALUES (gen_random_uuid(), $1, $1, 'opv_', 'première')`,
  data_keys: `(id, tenant_hash, subject, wrapped) VALUES (gen_random_uuid(), $1, '\\x00', 'v1')`,
  opco_credentials: `(tenant_hash, opco_id, sealed, hint) VALUES ($1, 'akto', 'v1', '••••')`,
  audit_logs: `(tenant_hash, actor, action, object, result) VALUES ($1, 'cli', 'tenant.created', 'tenant', 'ok')`,
  audit_chain: `SELECT tenant_hash, 1, id, '\\x00'::bytea, 2 FROM audit_logs WHERE tenant_hash = $1`,
  jobs: `(id, tenant_hash, environment, opco_id, type, data_key_id, progress, request_id)
    VALUES (gen_random_uuid(), $1, 'test', 'akto', 'facture', gen_random_uuid(), '{}', 'r')`,
  idempotency_claims: `VALUES ($1, '\\x00', '\\x00', false, gen_random_uuid())`,
  job_outbox: `(job_id, tenant_hash, environment, opco_id) VALUES (gen_random_uuid(), $1, 'test', 'akto')`,
  job_attempts: `(job_id, attempt, token, tenant_hash) VALUES (gen_random_uuid(), 1, gen_random_uuid(), $1)`,
  job_results: `VALUES (gen_random_uuid(), $1, 'akto', gen_random_uuid(), 'v1')`,
  job_step_results: `VALUES (gen_random_uuid(), 0, $1, gen_random_uuid(), 'v1')`,
  known_numbers: `(tenant_hash, opco_id, list, number) VALUES ($1, 'akto', 'etats', 'N1')`,
  number_baselines: `(tenant_hash, opco_id, list) VALUES ($1, 'akto', 'etats')`,
  events: `(id, tenant_hash, opco_id, type, subject, data) VALUES (gen_random_uuid(), $1, 'akto', 'job.completed', 'job:1', '{}')`,
  event_sequences: `VALUES ($1, 1)`,
  webhooks: `(id, tenant_hash, url, events, sealed_secret) VALUES (gen_random_uuid(), $1, 'https://example.test', '{}', 'v1')`,
  webhook_deliveries: `(tenant_hash, webhook_id, event_id, subject, sequence) VALUES ($1,
    coalesce((SELECT id FROM webhooks WHERE tenant_hash = $1), gen_random_uuid()),
    coalesce((SELECT id FROM events WHERE tenant_hash = $1), gen_random_uuid()), 'job:1', 1)`,
  snapshots: `(tenant_hash, opco_id, numero_interne, version, etat, data_key_id, content, content_hash)
    VALUES ($1, 'akto', 'N1', 1, 'TRANSMIS', gen_random_uuid(), 'v1', '\\x00')`,
  watched_dossiers: `(tenant_hash, opco_id, numero_interne, etat) VALUES ($1, 'akto', 'N1', 'TRANSMIS') ON CONFLICT DO NOTHING`,
  watched_factures: `(tenant_hash, opco_id, numero_interne_facture, data_key_id, content, content_hash)
    VALUES ($1, 'akto', 'F1', gen_random_uuid(), 'v1', '\\x00')`,
  poll_targets: `(tenant_hash, opco_id) VALUES ($1, 'akto')`,
  sync_jobs: `(id, tenant_hash, opco_id) VALUES (gen_random_uuid(), $1, 'akto')`,
  sync_dossiers: `(sync_id, tenant_hash, numero_interne) VALUES (gen_random_uuid(), $1, 'N1')`,
};
/** The files of deposits: only their tenant writes them. */
const ownFill: Readonly<Record<string, string>> = {
  deposit_files: `(id, tenant_hash) VALUES (gen_random_uuid(), $1)`,
  deposit_file_pieces: `VALUES ((SELECT id FROM deposit_files WHERE tenant_hash = $1), 0, $1, '\\x00')`,
};
const tables = [...Object.keys(fill), ...Object.keys(ownFill)];

const auditTables = ['audit_logs', 'audit_chain'];
const auditAttacks = auditTables.flatMap((table) => [
  `UPDATE ${table} SET tenant_hash = tenant_hash`,
  `DELETE FROM ${table}`,
  `TRUNCATE ${table} CASCADE`,
]);

function tenantNamed(name: string): TenantHash {
  return readTenantHash(createHash('sha256').update(name).digest('hex'));
}

async function count(sql: Sql, table: string, where = 'true'): Promise<number> {
  const [row] = await sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`);
  return row?.n ?? -1;
}

describe('row-level security', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase();
    for (const tenant of [alice, bruno]) {
      await test.database.asSystem(async (sql) => {
        for (const [table, row] of Object.entries(fill)) await sql.query(`INSERT INTO ${table} ${row}`, [tenant]);
      });
      await test.database.asTenant(tenant, async (sql) => {
        for (const [table, row] of Object.entries(ownFill)) await sql.query(`INSERT INTO ${table} ${row}`, [tenant]);
      });
    }
  });

  afterAll(() => test.drop());

  async function asOwner<Row extends object>(statement: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: test.url });
    await client.connect();
    try {
      return (await client.query<Row & Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  it('is tried here on every table that bears a tenant', async () => {
    const found = await asOwner<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_hash'
       WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(found.map(({ name }) => name).sort()).toEqual([...tables].sort());
  });

  it.each(tables)(
    'shows no row of %s to the application without a tenant, and none that another tenant left behind',
    async (table) => {
      const countThem = `SELECT count(*)::int AS n FROM ${table}`;
      expect(await test.database.call(countThem, [])).toEqual([{ n: 0 }]);
      await test.database.asTenant(alice, (sql) => sql.query('SELECT 1'));
      expect(await test.database.call(countThem, [])).toEqual([{ n: 0 }]);
    },
  );

  it.each(tables)('shows a tenant its own rows of %s only', async (table) => {
    await test.database.asTenant(alice, async (sql) => {
      expect(await count(sql, table)).toBe(1);
      expect(await count(sql, table, `tenant_hash <> '${alice}'`)).toBe(0);
    });
  });

  it.each(tables)('lets no tenant write a foreign row into %s, take one over or give one away', async (table) => {
    const attempts = [
      `INSERT INTO ${table} ${(fill[table] ?? ownFill[table] ?? '').replaceAll('$1', `'${bruno}'`)}`,
      `UPDATE ${table} SET tenant_hash = '${alice}' WHERE tenant_hash = '${bruno}'`,
      `UPDATE ${table} SET tenant_hash = '${bruno}'`,
      `DELETE FROM ${table} WHERE tenant_hash = '${bruno}'`,
    ];
    for (const attempt of attempts) {
      const refusal = await test.database
        .asTenant(alice, (sql) => sql.query(attempt))
        .then(
          () => 'harmless',
          (error: { code?: string }) => error.code,
        );
      // What writes a foreign hash is refused as insufficient privilege; a statement that sees no row may also do nothing.
      const writes = attempt.startsWith('INSERT') || attempt === `UPDATE ${table} SET tenant_hash = '${bruno}'`;
      expect([attempt, refusal === '42501' || (!writes && refusal === 'harmless')]).toEqual([attempt, true]);
    }
    await test.database.asSystem(async (sql) => {
      expect(await count(sql, table, `tenant_hash = '${bruno}'`)).toBe(1);
      expect(await count(sql, table, `tenant_hash = '${alice}'`)).toBe(1);
    });
  });

  it('shows who presents a key that key and its tenant, nothing else', async () => {
    await test.database.asKeyHolder(alice, async (sql) => {
      expect(await sql.query('SELECT tenant_hash FROM api_keys')).toEqual([{ tenant_hash: alice }]);
      expect(await sql.query('SELECT tenant_hash FROM tenants')).toEqual([{ tenant_hash: alice }]);
      expect(await count(sql, 'opco_credentials')).toBe(0);
    });
  });

  it('binds the runtime roles: none logs in, owns a table, is superuser or may bypass it', async () => {
    const roles = await asOwner(
      `SELECT rolname::text AS name, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
              (SELECT count(*)::int FROM pg_class c WHERE c.relowner = r.oid) AS owned
       FROM pg_roles r WHERE rolname LIKE 'opcovia\\_a%' OR rolname = 'opcovia_system' ORDER BY 1`,
    );
    const harmless = {
      rolsuper: false,
      rolbypassrls: false,
      rolcanlogin: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owned: 0,
    };
    expect(roles).toEqual(['opcovia_accept', 'opcovia_app', 'opcovia_system'].map((name) => ({ name, ...harmless })));
  });

  it.each(['opcovia_app', 'opcovia_system', 'opcovia_accept'])(
    'lets %s change or drop nothing of the audit trail',
    async (role) => {
      const client = new pg.Client({ connectionString: test.url, options: `-c role=${role}` });
      await client.connect();
      try {
        const attacks = [
          ...auditAttacks,
          ...auditTables.flatMap((t) => [`DROP TABLE ${t}`, `ALTER TABLE ${t} DISABLE TRIGGER ALL`]),
        ];
        for (const attack of attacks)
          await expect([attack, client.query(attack)][1]).rejects.toMatchObject({ code: '42501' });
      } finally {
        await client.end();
      }
    },
  );

  it('lets not even the owner update, delete or truncate the audit trail: the trigger is the second lock', async () => {
    for (const attack of auditAttacks) await expect(asOwner(attack)).rejects.toThrow('the audit trail is append-only');
  });

  it('accepts a batch of deposits of two tenants in one call, and leaves each its own', async () => {
    const jobs = [randomUUID(), randomUUID()];
    const accepted = await accept(test, jobs, 'key');
    expect(accepted.map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted']);
    for (const [i, tenant] of [alice, bruno].entries()) {
      await test.database.asTenant(tenant, async (sql) => {
        expect(await sql.query('SELECT id FROM jobs WHERE id = ANY($1)', [jobs])).toEqual([{ id: jobs[i] }]);
      });
    }
    const again = await accept(test, [randomUUID(), randomUUID()], 'key');
    expect(again.map(({ verdict, job_id }) => [verdict, job_id]).sort()).toEqual(
      jobs.map((id) => ['duplicate', id]).sort(),
    );
  });
});

async function accept(
  { database }: TestDatabase,
  ids: string[],
  key: string,
): Promise<{ verdict: string; job_id: string }[]> {
  const both = <T>(value: T): T[] => [value, value];
  return database.call<{ verdict: string; job_id: string }>(
    'SELECT job_id, verdict FROM accept_deposits($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)',
    [
      ids,
      [alice, bruno],
      both('test'),
      both('akto'),
      both('facture'),
      both(Buffer.from(key)),
      both(false),
      both(Buffer.from('same')),
      [randomUUID(), randomUUID()],
      both(Buffer.from('subject')),
      both('v1.wrapped'),
      both('v1.payload'),
      both('{}'),
      both('request'),
    ],
  );
}
