import { randomUUID } from 'node:crypto';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { systemClock } from '../../src/core/clock.js';
import { OpcoviaError } from '../../src/core/errors.js';
import type { Tenant } from '../../src/core/tenant.js';
import { Admission } from '../../src/tenancy/admission.js';
import { OwnKeysRepository } from '../../src/tenancy/own-keys.repository.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let test: TestDatabase;
let tenants: TenantsRepository;
let own: OwnKeysRepository;

beforeAll(async () => {
  test = await createTestDatabase();
  tenants = new TenantsRepository(test.database, new AuditTrail());
  own = new OwnKeysRepository(test.database, new AuditTrail(), systemClock);
});

afterAll(() => test.drop());

const tenantOf = (key: string) => new Admission(test.database).admitTenant(key);

async function aTenant(): Promise<Tenant> {
  return tenantOf((await tenants.create({ nom: 'CFA', environment: 'live', actor: 'cli' })).key);
}

const author = ({ keyId }: Tenant) => ({ actor: `key:${keyId}`, requestId: 'r-1' });
const create = (tenant: Tenant, draft: Partial<Parameters<OwnKeysRepository['create']>[1]> = {}) =>
  own.create(tenant, { label: 'rotation', ...draft }, author(tenant));
const revoke = (tenant: Tenant, keyId: string) => own.revoke(tenant, keyId, author(tenant));

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof OpcoviaError ? error.code : error),
  );

const trailOf = ({ hash }: Tenant) =>
  test.database.asTenant(hash, (sql) =>
    sql.query<{ action: string }>('SELECT action, actor, object, request_id, details FROM audit_logs ORDER BY id'),
  );

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

describe('the keys of a tenant, in its own hands', () => {
  it('are shown without their text, those in force first, with the calling one marked', async () => {
    const tenant = await aTenant();
    const second = await create(tenant, { expiresAt: inAnHour() });
    await revoke(tenant, second.id);
    const third = await create(tenant);
    const view = await own.describe(tenant);
    expect(view).toMatchObject({ id: tenant.hash.slice(0, 8), nom: 'CFA', environment: 'live' });
    expect(view.keys.map(({ id, current, revokedAt }) => [id, current, revokedAt !== null])).toEqual([
      [third.id, false, false],
      [tenant.keyId, true, false],
      [second.id, false, true],
    ]);
    expect(JSON.stringify(view)).not.toMatch(new RegExp(`${third.key}|${second.key}|${tenant.hash}|[0-9a-f]{64}`));
  });

  it('are made for the environment of the tenant, enter as the same tenant, and leave their trail', async () => {
    const tenant = await aTenant();
    const expiresAt = inAnHour();
    const made = await create(tenant, { expiresAt, retireCurrentAfterSeconds: 60 });
    expect(made.key).toMatch(/^opv_live_/);
    expect(made.expiresAt).toBe(expiresAt);
    expect(await tenantOf(made.key)).toEqual({ ...tenant, keyId: made.id });
    await revoke(tenant, made.id);
    expect((await trailOf(tenant)).slice(2)).toEqual([
      { action: 'key.created', actor: `key:${tenant.keyId}`, object: `key:${made.id}`, request_id: 'r-1', details: {} },
      {
        action: 'key.retired',
        actor: `key:${tenant.keyId}`,
        object: `key:${tenant.keyId}`,
        request_id: 'r-1',
        details: { afterSeconds: 60 },
      },
      { action: 'key.revoked', actor: `key:${tenant.keyId}`, object: `key:${made.id}`, request_id: 'r-1', details: {} },
    ]);
  });

  it('die at the time set when they are replaced, and never later than they would have', async () => {
    const tenant = await aTenant();
    const first = await create(tenant, { retireCurrentAfterSeconds: 3600 });
    const end = Date.parse(first.retired?.expiresAt ?? '');
    expect(Math.abs(end - Date.now() - 3_600_000)).toBeLessThan(10_000);
    const second = await create(tenant, { retireCurrentAfterSeconds: 86_400 });
    expect(second.retired).toEqual(first.retired);
    expect((await create(tenant)).retired).toBeNull();
  });

  it.each([
    ['in the past', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['too near to be meant', { expiresAt: new Date(Date.now() + 60_000).toISOString() }],
    ['before the end of the key that it replaces', { expiresAt: inAnHour(), retireCurrentAfterSeconds: 7200 }],
  ])('are not made with an end %s', async (_when, draft) => {
    const tenant = await aTenant();
    expect(await codeOf(create(tenant, draft))).toBe('VALIDATION_ERROR');
    expect((await own.describe(tenant)).keys).toHaveLength(1);
  });

  it('are twenty in force at most, also when asked for at once', async () => {
    const tenant = await aTenant();
    const results = await Promise.all(Array.from({ length: 24 }, () => codeOf(create(tenant))));
    expect(results.filter((each) => each === 'done')).toHaveLength(19);
    expect(results.filter((each) => each === 'CONFLICT')).toHaveLength(5);
    const [newest] = (await own.describe(tenant)).keys;
    await revoke(tenant, newest?.id ?? '');
    expect(await codeOf(create(tenant))).toBe('done');
  });

  it('cannot all be revoked: the last one in force stays, also when two revoke each other', async () => {
    const tenant = await aTenant();
    expect(await codeOf(revoke(tenant, tenant.keyId))).toBe('CONFLICT');
    const other = await tenantOf((await create(tenant)).key);
    const results = await Promise.all([codeOf(revoke(tenant, other.keyId)), codeOf(revoke(other, tenant.keyId))]);
    expect(results.sort()).toEqual(['HTTP_ERROR', 'done']);
    expect((await own.describe(tenant)).keys.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });

  it('may end the calling one, and ending one twice changes nothing', async () => {
    const tenant = await aTenant();
    const other = await tenantOf((await create(tenant)).key);
    await revoke(tenant, tenant.keyId);
    await revoke(other, tenant.keyId);
    expect((await trailOf(tenant)).filter(({ action }) => action === 'key.revoked')).toHaveLength(1);
  });

  it('are nothing to a key that was revoked or has expired while its request was under way', async () => {
    const [tenant, late] = [await aTenant(), await aTenant()];
    await create(tenant);
    await tenants.revokeKey(tenant.keyId, 'cli');
    expect(await codeOf(create(tenant))).toBe('HTTP_ERROR');
    await test.database.asSystem((sql) =>
      sql.query('UPDATE api_keys SET expires_at = now() WHERE id = $1', [late.keyId]),
    );
    expect(await codeOf(create(late))).toBe('HTTP_ERROR');
  });

  it('are those of this tenant alone: a foreign id is as unknown as one that never was', async () => {
    const [anna, boris] = [await aTenant(), await aTenant()];
    await create(boris);
    for (const id of [boris.keyId, randomUUID()]) {
      expect(await codeOf(revoke(anna, id))).toBe('NOT_FOUND');
    }
    expect((await own.describe(boris)).keys.every(({ revokedAt }) => revokedAt === null)).toBe(true);
    expect((await own.describe(anna)).keys.map(({ id }) => id)).toEqual([anna.keyId]);
  });
});
