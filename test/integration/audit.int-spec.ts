import { createHash } from 'node:crypto';
import pg from 'pg';
import { AuditChainer } from '../../src/audit/audit-chainer.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { type ChainReport, verifyChains } from '../../src/audit/verify-chain.js';
import { readTenantHash, type TenantHash } from '../../src/core/tenant.js';
import { Leadership } from '../../src/platform/database/leadership.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const trail = new AuditTrail();
let test: TestDatabase;

beforeEach(async () => {
  test = await createTestDatabase();
});

afterEach(() => test.drop());

const tenantNamed = (name: string) => readTenantHash(createHash('sha256').update(name).digest('hex'));
const alice = tenantNamed('alice');
const bruno = tenantNamed('bruno');

function aChainer(): AuditChainer {
  return new AuditChainer(test.database, new Leadership(test.database));
}

const entry = {
  actor: 'cli',
  action: 'job.completed' as const,
  object: 'job:1',
  result: 'ok',
  details: { étape: 'é', n: 1 },
};

async function write(tenant: TenantHash | null, count: number): Promise<void> {
  const row = { ...entry, tenant };
  await test.database.asSystem((sql) => trail.writeAll(sql, Array<typeof row>(count).fill(row)));
}

async function verify(tenant: TenantHash): Promise<ChainReport | undefined> {
  return (await verifyChains(test.database, tenant))[0];
}

/** What only an owner with both locks off can do. */
async function tamper(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  try {
    for (const table of ['audit_logs', 'audit_chain']) {
      await client.query(
        `ALTER TABLE ${table} DISABLE TRIGGER append_only; ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`,
      );
    }
    for (const statement of statements) expect((await client.query(statement)).rowCount).toBeGreaterThan(0);
  } finally {
    await client.end();
  }
}

const idOf = (position: number) =>
  `(SELECT audit_id FROM audit_chain WHERE tenant_hash = '${alice}' AND position = ${position})`;

describe('the audit chain', () => {
  it('links the rows of each tenant, and those of none, apart; a second run adds nothing', async () => {
    await write(alice, 600);
    await write(bruno, 3);
    await write(null, 2);
    expect(await verify(alice)).toMatchObject({ verified: 0, waiting: 600 });
    expect(await aChainer().tick()).toBe(605);
    const reports = await verifyChains(test.database);
    expect(reports.map(({ chain, verified, waiting, fault }) => [chain, verified, waiting, fault])).toEqual(
      [
        [alice, 600, 0, undefined],
        [bruno, 3, 0, undefined],
        ['system', 2, 0, undefined],
      ].sort(),
    );
    expect(await verify(alice)).toMatchObject({ verified: 600 });
  });

  it('goes on where it stopped, one leader at a time', async () => {
    const [first, second] = [aChainer(), aChainer()];
    await write(alice, 2);
    expect(await first.tick()).toBe(2);
    await write(alice, 3);
    expect(await second.tick()).toBe(0);
    await first.stop();
    expect(await second.tick()).toBe(3);
    expect(await verify(alice)).toMatchObject({ verified: 5, waiting: 0 });
  });

  it('finds a row that was committed after rows with higher ids', async () => {
    let ms = 0;
    const chainer = new AuditChainer(test.database, new Leadership(test.database), {
      now: () => ms,
      elapsed: () => ms,
    });
    const late = await test.database.asSystem(async (sql) => {
      await trail.write(sql, { tenant: alice, actor: 'cli', action: 'job.failed', object: 'job:1', result: 'ok' });
      await write(alice, 2);
      return chainer.tick();
    });
    expect(late).toBe(2);
    expect(await chainer.tick()).toBe(0);
    ms += 60_000;
    expect(await chainer.tick()).toBe(1);
    expect(await verify(alice)).toMatchObject({ verified: 3, waiting: 0 });
    expect(await verify(alice)).not.toHaveProperty('fault');
  });

  it.each([
    [
      'an edited row',
      [`UPDATE audit_logs SET result = 'autre' WHERE id = ${idOf(4)}`],
      { position: 4, kind: 'edited' },
    ],
    ['edited details', [`UPDATE audit_logs SET details = '{}' WHERE id = ${idOf(1)}`], { position: 1, kind: 'edited' }],
    [
      'a row given to another tenant',
      [`UPDATE audit_logs SET tenant_hash = '${bruno}' WHERE id = ${idOf(6)}`],
      { position: 6, kind: 'edited' },
    ],
    [
      'a network put in later',
      [`UPDATE audit_logs SET source = '203.0.113.0/24' WHERE id = ${idOf(2)}`],
      { position: 2, kind: 'edited' },
    ],
    [
      'a network taken away',
      [`UPDATE audit_logs SET source = NULL WHERE id = ${idOf(10)}`],
      { position: 10, kind: 'edited' },
    ],
    ['a deleted row', [`DELETE FROM audit_logs WHERE id = ${idOf(7)}`], { position: 7, kind: 'deleted' }],
    [
      'a deleted link',
      [`DELETE FROM audit_chain WHERE tenant_hash = '${alice}' AND position = 3`],
      { position: 3, kind: 'link-missing' },
    ],
    [
      'a row slipped in between',
      [
        `UPDATE audit_logs SET id = DEFAULT WHERE id = ${idOf(5)}`,
        `INSERT INTO audit_logs (id, tenant_hash, at, actor, action, object, result) OVERRIDING SYSTEM VALUE
         VALUES (${idOf(5)}, '${alice}', now(), 'cli', 'job.completed', 'job:1', 'ok')`,
      ],
      { position: 5, kind: 'edited' },
    ],
    [
      'an old row slipped in below the others',
      [
        `INSERT INTO audit_logs (id, tenant_hash, at, actor, action, object, result) OVERRIDING SYSTEM VALUE
         VALUES (-1, '${alice}', now() - interval '1 day', 'cli', 'job.completed', 'job:1', 'ok')`,
      ],
      { position: 1, kind: 'inserted' },
    ],
  ])('names the first bad position: %s', async (_what, statements, fault) => {
    await write(alice, 9);
    await test.database.asSystem((sql) =>
      trail.write(sql, { ...entry, tenant: alice, requestId: 'r', source: '2001:db8:1::/48' }),
    );
    await aChainer().tick();
    expect(await verify(alice)).not.toHaveProperty('fault');
    await tamper(...statements);
    expect(await verify(alice)).toMatchObject({ verified: fault.position - 1, fault });
    expect(await verify(bruno)).not.toHaveProperty('fault');
  });
});
