import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { OpcoviaError } from '../../src/core/errors.js';
import { tenantHashOf, type Tenant } from '../../src/core/tenant.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import { keyIdOf, UnsealError } from '../../src/platform/crypto/sealed-box.js';
import type { Database } from '../../src/platform/database/database.js';
import { Admission } from '../../src/tenancy/admission.js';
import { DataKeys } from '../../src/tenancy/data-keys.js';
import { OpcoClientsRepository } from '../../src/tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../../src/tenancy/opco-credentials.repository.js';
import { place } from '../../src/tenancy/place.js';
import { TenantCacheKeys } from '../../src/tenancy/tenant-cache-keys.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const newKey = () => randomBytes(32).toString('hex');
const ringText = `k1:${newKey()}`;
const audit = new AuditTrail();

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
  tenants = new TenantsRepository(database, audit);
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

async function aTenant(importedKey?: string): Promise<{ tenant: Tenant; key: string }> {
  const issued = await tenants.create({
    nom: 'CFA',
    environment: 'test',
    actor: 'cli',
    ...(importedKey && { importedKey }),
  });
  return { tenant: await new Admission(database).admitTenant(issued.key), key: issued.key };
}

async function actions(tenant: Tenant): Promise<string[]> {
  const rows = await database.asTenant(tenant.hash, (sql) =>
    sql.query<{ action: string }>('SELECT action FROM audit_logs ORDER BY id'),
  );
  return rows.map(({ action }) => action);
}

describe('tenants', () => {
  it('are named for ever by the sha256 of their first key, and admitted by each of their keys', async () => {
    const { tenant, key } = await aTenant('cfa-A-6f1c0b1e9d3a4c7f8e21');
    expect(tenant.hash).toBe('bb89b955c9add5b2773d28e9b4c20c67f75d0734a0215d441a3395a67edf6d09');
    const alias = await tenants.addKey(tenant.hash, { label: 'rotation', actor: 'cli' });
    expect(alias.key).toMatch(/^opv_test_[A-Za-z0-9_-]{43}$/);
    const admitted = await new Admission(database).admitTenant(alias.key);
    expect(admitted).toEqual({ ...tenant, keyId: alias.keyId });
    expect(await actions(tenant)).toEqual(['tenant.created', 'key.created', 'key.created']);
    expect(
      (await refusal(tenants.create({ nom: 'B', environment: 'test', importedKey: key, actor: 'cli' }))).code,
    ).toBe('CONFLICT');
    expect((await tenants.list(tenant.hash.slice(0, 8)))[0]?.keys.map(({ prefix }) => prefix)).toEqual([
      'cf',
      alias.key.slice(0, 13),
    ]);
  });

  it.each([
    ['a live key for a test tenant', `opv_live_${'a'.repeat(43)}`],
    ['15 characters', 'a'.repeat(15)],
    ['a comma', 'aaaaaaaaaaaa,bbbbbbbbbbbb'],
    ['an accent', 'éaaaaaaaaaaaaaaaaaaaa'],
  ])('are not registered with %s', async (_what, importedKey) => {
    const refused = await refusal(tenants.create({ nom: 'X', environment: 'test', importedKey, actor: 'cli' }));
    expect(refused.code).toBe('VALIDATION_ERROR');
    expect(refused.details.detail).not.toContain(importedKey);
  });

  it('leave no key in the database', async () => {
    const { key } = await aTenant();
    const everything = await database.asSystem((sql) =>
      sql.query(
        'SELECT to_jsonb(t) FROM tenants t UNION ALL SELECT to_jsonb(k) FROM api_keys k UNION ALL SELECT to_jsonb(a) FROM audit_logs a',
      ),
    );
    expect(JSON.stringify(everything)).toContain(tenantHashOf(key));
    expect(JSON.stringify(everything)).not.toContain(key);
  });
});

describe('data keys', () => {
  it('seal for one place, open after a restart, and are gone once their row is', async () => {
    const { tenant } = await aTenant();
    const keys = new DataKeys(database, KeyRing.parse(ringText));
    await keys.load();
    const fresh = keys.fresh(tenant.hash, 'nir:1850578006084');
    const at = place('jobs', 'payload', '1', tenant.hash);
    const sealed = fresh.seal('contenu', at);
    expect(keyIdOf(sealed)).toBe(fresh.id);
    await database.asTenant(tenant.hash, (sql) => keys.insert(sql, tenant.hash, fresh));
    const later = new DataKeys(database, KeyRing.parse(ringText));
    const read = (from: DataKeys, owner = tenant.hash) =>
      database.asTenant(owner, async (sql) => (await from.open(sql, owner, fresh.id)).unseal(sealed, at).toString());
    expect(await read(later)).toBe('contenu');
    const other = await aTenant();
    await expect(read(later, other.tenant.hash)).rejects.toThrow(UnsealError);
    await database.asSystem((sql) => sql.query('DELETE FROM data_keys WHERE id = $1', [fresh.id]));
    later.forget(tenant.hash);
    await expect(read(later)).rejects.toThrow('The data key is gone');
  });

  it('find all keys of a subject without naming it, and keep the index through a rotation of the ring', async () => {
    const { tenant } = await aTenant();
    const keys = new DataKeys(database, KeyRing.parse(ringText));
    await keys.load();
    const index = keys.subjectIndex(tenant.hash, 'nir:1850578006084');
    expect(keys.fresh(tenant.hash, 'nir:1850578006084').subject).toEqual(index);
    expect(keys.subjectIndex(tenant.hash, 'nir:1850578006085')).not.toEqual(index);
    const both = `k2:${newKey()},${ringText}`;
    const rotated = new DataKeys(database, KeyRing.parse(both));
    await rotated.load();
    expect(rotated.subjectIndex(tenant.hash, 'nir:1850578006084')).toEqual(index);
    const withoutTheOld = new DataKeys(database, KeyRing.parse(both.split(',')[0] ?? ''));
    await withoutTheOld.load();
    expect(withoutTheOld.subjectIndex(tenant.hash, 'nir:1850578006084')).toEqual(index);
  });

  it.each([
    ['of another value under a known id', () => `k1:${newKey()}`, 'the key k1 is not the one that sealed'],
    ['that this database never saw', () => `k9:${newKey()}`, 'none of its keys has ever sealed'],
  ])('refuse to start on a key %s', async (_what, ring, message) => {
    const known = new DataKeys(database, KeyRing.parse(ringText));
    await known.load();
    await expect(new DataKeys(database, KeyRing.parse(ring())).load()).rejects.toThrow(message);
  });

  it('give each tenant one key of its own, however many instances need it first', async () => {
    const { tenant } = await aTenant();
    const instances = Array.from({ length: 5 }, () => new DataKeys(database, KeyRing.parse(ringText)));
    const found = await Promise.all(
      instances.flatMap((keys) => [keys.tenantKey(tenant.hash), keys.tenantKey(tenant.hash)]),
    );
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    const rows = await database.asTenant(tenant.hash, (sql) => sql.query('SELECT 1 FROM data_keys'));
    expect(rows).toHaveLength(1);
  });

  it('keep the cache of one tenant closed to another', async () => {
    const [a, b] = [await aTenant(), await aTenant()];
    const keys = new TenantCacheKeys(new DataKeys(database, KeyRing.parse(ringText)));
    const [sealA, sealB] = [await keys.cacheKeyOf(a.tenant.hash), await keys.cacheKeyOf(b.tenant.hash)];
    const sealed = sealA.seal(Buffer.from('etats'), 'key');
    expect(sealA.open(sealed, 'key').toString()).toBe('etats');
    expect(() => sealA.open(sealed, 'other key')).toThrow(UnsealError);
    expect(() => sealB.open(sealed, 'key')).toThrow(UnsealError);
  });
});

describe('credentials at the OPCOs', () => {
  const of = () => new OpcoCredentialsRepository(database, new DataKeys(database, KeyRing.parse(ringText)), audit);

  it('are stored, replaced, shown as a mask, used in clear, and deleted with their poll target', async () => {
    const { tenant } = await aTenant();
    const credentials = of();
    expect((await refusal(credentials.cfaKey(tenant, 'akto'))).code).toBe('UPSTREAM_AUTH');
    const mask = await credentials.put(tenant.hash, { opcoId: 'akto', key: 'cle-akto-0123456789', actor: 'cli' });
    expect(mask).toEqual({
      opcoId: 'akto',
      hint: '••••6789',
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
    expect(await credentials.cfaKey(tenant, 'akto')).toBe('cle-akto-0123456789');
    await credentials.put(tenant.hash, { opcoId: 'akto', key: 'courte', actor: 'cli' });
    expect(await credentials.cfaKey(tenant, 'akto')).toBe('courte');
    expect(await credentials.find(tenant.hash, 'akto')).toMatchObject({ hint: '••••' });
    const targets = () => database.asTenant(tenant.hash, (sql) => sql.query('SELECT opco_id FROM poll_targets'));
    expect(await targets()).toEqual([{ opco_id: 'akto' }]);
    expect(await credentials.remove(tenant.hash, 'akto', { actor: 'cli' })).toBe(true);
    expect(await credentials.remove(tenant.hash, 'akto', { actor: 'cli' })).toBe(false);
    expect(await targets()).toEqual([]);
    expect((await refusal(credentials.cfaKey(tenant, 'akto'))).details.detail).toContain('PUT /akto/credentials');
    expect(await actions(tenant)).toEqual([
      'tenant.created',
      'key.created',
      'credentials.stored',
      'credentials.replaced',
      'credentials.deleted',
    ]);
  });

  it('open at their own OPCO and tenant only', async () => {
    const { tenant } = await aTenant();
    await of().put(tenant.hash, { opcoId: 'akto', key: 'cle-akto-0123456789', actor: 'cli' });
    await of().put(tenant.hash, { opcoId: 'atlas', key: 'cle-atlas-0123456789', actor: 'cli' });
    await database.asTenant(tenant.hash, (sql) =>
      sql.query(
        `UPDATE opco_credentials c SET sealed = o.sealed FROM opco_credentials o WHERE c.opco_id = 'akto' AND o.opco_id = 'atlas'`,
      ),
    );
    const refused = await refusal(of().cfaKey(tenant, 'akto'));
    expect([refused.code, refused.details.sent]).toEqual(['UPSTREAM_AUTH', 'not-sent']);
    expect((await actions(tenant)).at(-1)).toBe('credentials.unreadable');
    expect(await of().cfaKey(tenant, 'atlas')).toBe('cle-atlas-0123456789');
  });

  it('of the software are kept apart for test and live', async () => {
    const clients = new OpcoClientsRepository(database, KeyRing.parse(ringText), audit);
    await clients.set({
      opcoId: 'akto',
      environment: 'test',
      clientId: 'opcovia',
      clientSecret: 's3cret',
      actor: 'cli',
    });
    expect(await clients.software('akto', 'test')).toEqual({ clientId: 'opcovia', clientSecret: 's3cret' });
    expect((await refusal(clients.software('akto', 'live'))).code).toBe('UPSTREAM_AUTH');
    const rows = await asOwner<{ sealed_secret: string }>('SELECT sealed_secret FROM opco_clients');
    expect(JSON.stringify(rows)).not.toContain('s3cret');
  });
});
