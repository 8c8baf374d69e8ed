import { createHash } from 'node:crypto';
import { AuditChainer } from '../../src/audit/audit-chainer.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { CacheHitLog } from '../../src/audit/cache-hit-log.js';
import { UpstreamCallLog } from '../../src/audit/upstream-call-log.js';
import { verifyChains } from '../../src/audit/verify-chain.js';
import { OpcoviaError } from '../../src/core/errors.js';
import { readTenantHash } from '../../src/core/tenant.js';
import type { UpstreamCallEntry } from '../../src/core/upstream-call.js';
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
    expect(await new AuditChainer(test.database, new Leadership(test.database)).tick()).toBe(0);
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
