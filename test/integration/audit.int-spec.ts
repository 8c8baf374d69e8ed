import { createHash } from 'node:crypto';
import pg from 'pg';
import { AuditChainer } from '../../src/audit/audit-chainer.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { CacheHitLog } from '../../src/audit/cache-hit-log.js';
import { UpstreamCallLog } from '../../src/audit/upstream-call-log.js';
import type { UpstreamCallEntry } from '../../src/core/upstream-call.js';
import { type ChainReport, verifyChains } from '../../src/audit/verify-chain.js';
import { OpcoviaError } from '../../src/core/errors.js';
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

async function write(tenant: TenantHash | null, count: number): Promise<void> {
  const entry = {
    tenant,
    actor: 'cli',
    action: 'job.completed',
    object: 'job:1',
    result: 'ok',
    details: { étape: 'é', n: 1 },
  };
  await test.database.asSystem((sql) => trail.writeAll(sql, Array<typeof entry>(count).fill(entry)));
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
      await trail.write(sql, { tenant: alice, actor: 'cli', action: 'late', object: 'job:1', result: 'ok' });
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
    await write(alice, 10);
    await aChainer().tick();
    expect(await verify(alice)).not.toHaveProperty('fault');
    await tamper(...statements);
    expect(await verify(alice)).toMatchObject({ verified: fault.position - 1, fault });
    expect(await verify(bruno)).not.toHaveProperty('fault');
  });
});

const call = (requestId: string): UpstreamCallEntry => ({
  requestId,
  tenant: alice,
  keyId: 'k',
  opcoId: 'akto',
  endpoint: 'etats',
  path: '/dossiers/etats',
  traffic: 'interactive',
  upstreamCalls: 2,
  askedAt: 0,
  upstreamStatus: 503,
  failure: 'UPSTREAM_ERROR',
});

const countCalls = async () => {
  const rows = await test.database.asTenant(alice, (sql) =>
    sql.query(`SELECT 1 FROM audit_logs WHERE action = 'upstream.called'`),
  );
  return rows.length;
};

describe('the log of upstream calls', () => {
  it('is written when record resolves, many callers to a transaction', async () => {
    const log = new UpstreamCallLog(test.database, trail);
    const transactions = jest.spyOn(test.database, 'asSystem');
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.record(call(`r${i}`))));
    expect(transactions).toHaveBeenCalledTimes(1);
    transactions.mockRestore();
    expect(await countCalls()).toBe(300);
    const [row] = await test.database.asTenant(alice, (sql) =>
      sql.query(`SELECT * FROM audit_logs WHERE request_id = 'r7'`),
    );
    expect(row).toMatchObject({
      actor: 'key:k',
      object: 'endpoint:akto/dossiers/etats',
      result: 'UPSTREAM_ERROR',
      details: { endpoint: 'etats', calls: 2, status: 503, askedAt: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('keeps its rows while PostgreSQL is away, holds no caller back for long, and writes them afterwards', async () => {
    const log = new UpstreamCallLog(test.database, trail);
    const away = jest.spyOn(test.database, 'asSystem').mockRejectedValue(new OpcoviaError('SERVICE_UNAVAILABLE'));
    await Promise.all([log.record(call('a')), log.record(call('b'))]);
    expect([log.pending, log.dropped]).toEqual([2, 0]);
    away.mockRestore();
    await log.flush();
    expect([log.pending, await countCalls()]).toEqual([0, 2]);
  });

  it('drops the oldest rows beyond its buffer, and counts them', async () => {
    const log = new UpstreamCallLog(test.database, trail);
    const away = jest.spyOn(test.database, 'asSystem').mockRejectedValue(new OpcoviaError('SERVICE_UNAVAILABLE'));
    await Promise.all(Array.from({ length: 20_010 }, (_, i) => log.record(call(`r${i}`))));
    expect([log.pending, log.dropped]).toEqual([20_000, 10]);
    away.mockRestore();
  });
});

describe('the log of cache hits', () => {
  it('sums them up by tenant and endpoint, outside the chain', async () => {
    const log = new CacheHitLog(test.database, trail);
    for (let i = 0; i < 5; i++) log.count(alice, 'akto', '/dossiers/etats');
    log.count(bruno, 'akto', '/dossiers/etats');
    await log.flush();
    await log.flush();
    const rows = await test.database.asTenant(alice, (sql) =>
      sql.query(`SELECT object, details FROM audit_logs WHERE action = 'cache.hits'`),
    );
    expect(rows).toEqual([{ object: 'endpoint:akto/dossiers/etats', details: { count: 5 } }]);
    expect(await aChainer().tick()).toBe(0);
    expect((await verifyChains(test.database)).map(({ waiting }) => waiting)).toEqual([0]);
  });

  it('keeps its counts while PostgreSQL is away', async () => {
    const log = new CacheHitLog(test.database, trail);
    log.count(alice, 'akto', '/dossiers/etats');
    const away = jest.spyOn(test.database, 'asSystem').mockRejectedValue(new OpcoviaError('SERVICE_UNAVAILABLE'));
    await log.flush();
    log.count(alice, 'akto', '/dossiers/etats');
    away.mockRestore();
    await log.flush();
    const rows = await test.database.asTenant(alice, (sql) => sql.query('SELECT details FROM audit_logs'));
    expect(rows).toEqual([{ details: { count: 2 } }]);
  });
});
