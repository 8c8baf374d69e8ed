import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { Clock } from '../../src/core/clock.js';
import { OpcoviaError } from '../../src/core/errors.js';
import { tenantHashOf, type Tenant } from '../../src/core/tenant.js';
import type { Database } from '../../src/platform/database/database.js';
import { Admission } from '../../src/tenancy/admission.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

class ManualClock implements Clock {
  ms = 1_800_000_000_000;
  now = () => this.ms;
  elapsed = () => this.ms;
}

async function refusal(promise: Promise<unknown>): Promise<OpcoviaError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpcoviaError)) throw new Error('it was not refused', { cause: error });
  return error;
}

let test: TestDatabase;
let database: Database;
let tenants: TenantsRepository;

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
  tenants = new TenantsRepository(database, new AuditTrail());
});

afterAll(() => test.drop());

async function aTenant(): Promise<{ tenant: Tenant; key: string }> {
  const { key } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' });
  return { tenant: await new Admission(database).admitTenant(key), key };
}

async function suspend({ hash }: Tenant): Promise<void> {
  await database.asSystem((sql) => sql.query('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', [hash]));
}

describe('admission, before it knows whom it has in front', () => {
  it('asks the same one question for a key that is unknown, revoked, expired or suspended, and none for what is no key', async () => {
    const [revoked, expired, suspended] = [await aTenant(), await aTenant(), await aTenant()];
    await tenants.revokeKey(revoked.tenant.keyId, 'cli');
    const old = await tenants.addKey(expired.tenant.hash, { label: 'old', expiresAt: new Date(1), actor: 'cli' });
    await suspend(suspended.tenant);
    const statements: unknown[] = [];
    const asKeyHolder = database.asKeyHolder.bind(database);
    const spied = jest.spyOn(database, 'asKeyHolder').mockImplementation((keyHash, work) =>
      asKeyHolder(keyHash, (sql) =>
        work({
          query: (text, values) => {
            statements.push(text);
            return sql.query(text, values);
          },
        }),
      ),
    );
    try {
      const admission = new Admission(database);
      for (const key of ['unknown-key-0123456789', revoked.key, old.key, suspended.key]) {
        const before = statements.length;
        for (let turn = 0; turn < 3; turn++) await refusal(admission.admitTenant(key, '192.0.2.1'));
        expect(statements.slice(before)).toEqual([expect.stringContaining('FROM api_keys')]);
      }
      expect(new Set(statements).size).toBe(1);
      for (const none of [undefined, '', 'short', ['a', 'b'], 'aaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbb']) {
        await refusal(admission.admitTenant(none, '192.0.2.1'));
      }
      expect(statements).toHaveLength(4);
    } finally {
      spied.mockRestore();
    }
  });

  it('stops looking up for an address that invents keys, and goes on for the keys it knows and for other addresses', async () => {
    const { key, tenant } = await aTenant();
    const fresh = await aTenant();
    const clock = new ManualClock();
    const admission = new Admission(database, clock);
    await admission.admitTenant(key, '192.0.2.1');
    const asked = jest.spyOn(database, 'asKeyHolder');
    try {
      const invented = Array.from({ length: 60 }, (_, i) => `invented-key-number-${i}`);
      const answers = await Promise.all(invented.map((each) => refusal(admission.admitTenant(each, '192.0.2.1'))));
      expect(answers.filter(({ code }) => code === 'HTTP_ERROR')).toHaveLength(20);
      expect(
        new Set(answers.filter(({ code }) => code === 'RATE_LIMITED').map(({ details }) => details.retryAfterSeconds)),
      ).toEqual(new Set([1]));
      expect(asked).toHaveBeenCalledTimes(20);
      // Known as refused, good but not in memory, or never seen: from here they look the same.
      for (const each of [invented[0], fresh.key, 'one-more-invented-key']) {
        expect((await refusal(admission.admitTenant(each, '192.0.2.1'))).code).toBe('RATE_LIMITED');
      }
      for (const none of [undefined, 'short']) {
        expect((await refusal(admission.admitTenant(none, '192.0.2.1'))).code).toBe('HTTP_ERROR');
      }
      expect(asked).toHaveBeenCalledTimes(20);
      expect(await admission.admitTenant(key, '192.0.2.1')).toEqual(tenant);
      clock.ms += 10_000;
      expect(await admission.admitTenant(key, '192.0.2.1')).toEqual(tenant);
      expect(await admission.admitTenant(fresh.key, '2001:db8::1')).toEqual(fresh.tenant);
      expect(admission.takeUse().refusals).toEqual([
        { network: '192.0.2.0/24', reason: 'unknown', count: 20 },
        { network: '192.0.2.0/24', reason: 'limited', count: 43 },
        { network: '192.0.2.0/24', reason: 'missing', count: 1 },
        { network: '192.0.2.0/24', reason: 'malformed', count: 1 },
      ]);
    } finally {
      asked.mockRestore();
    }
  });

  it('lets sixty good keys in at once from one address, right after a start', async () => {
    const { tenant } = await aTenant();
    const keys = Array.from({ length: 60 }, () => makeApiKey('test'));
    await database.asSystem((sql) =>
      sql.query(
        `INSERT INTO api_keys (id, tenant_hash, key_hash, prefix, label)
         SELECT gen_random_uuid(), $1, hash, 'opv_test_', 'une parmi d''autres' FROM unnest($2::text[]) AS hash`,
        [tenant.hash, keys.map(tenantHashOf)],
      ),
    );
    const admission = new Admission(database);
    const admitted = await Promise.all(keys.map((key) => admission.admitTenant(key, '192.0.2.1')));
    expect(new Set(admitted.map(({ hash }) => hash))).toEqual(new Set([tenant.hash]));
    expect(admission.takeUse().keyIds).toHaveLength(60);
  });
});
