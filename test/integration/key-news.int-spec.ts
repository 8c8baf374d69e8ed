import pg from 'pg';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { systemClock } from '../../src/core/clock.js';
import type { Tenant } from '../../src/core/tenant.js';
import type { DatabaseNews } from '../../src/platform/database/news.js';
import { Admission } from '../../src/tenancy/admission.js';
import { makeApiKey } from '../../src/tenancy/api-key.js';
import { keyNewsFor } from '../../src/tenancy/key-news.js';
import { OwnKeysRepository } from '../../src/tenancy/own-keys.repository.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { eventually } from '../support/product.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Memory that never grows old: whatever an admission notices here, it was told. */
const frozen = { now: () => systemClock.now(), elapsed: () => 0 };
const soonMs = 2000;

let test: TestDatabase;
let tenants: TenantsRepository;
let own: OwnKeysRepository;
let admissions: Admission[];
let news: DatabaseNews[];
/** How often somebody was told that a key at an OPCO has changed. */
let changes = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  tenants = new TenantsRepository(test.database, new AuditTrail());
  own = new OwnKeysRepository(test.database, new AuditTrail(), systemClock);
});

beforeEach(async () => {
  admissions = Array.from({ length: 3 }, () => new Admission(test.database, frozen));
  news = admissions.map((admission) =>
    keyNewsFor({ admission, credentials: { forgetAll: () => changes++ } }, test.url),
  );
  await Promise.all(news.map((each) => each.start()));
});

afterEach(() => Promise.all(news.map((each) => each.stop())));

afterAll(() => test.drop());

async function aTenant(): Promise<{ tenant: Tenant; key: string }> {
  const { key } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' });
  return { tenant: await new Admission(test.database).admitTenant(key), key };
}

const asSystem = (statement: string, ...values: unknown[]) =>
  test.database.asSystem((sql) => sql.query(statement, values));

const verdict = (admission: Admission, key: string) =>
  admission.admitTenant(key).then(
    () => 'in',
    (error: { code: string }) => error.code,
  );

const everywhere = (key: string) => Promise.all(admissions.map((admission) => verdict(admission, key)));

/** Presents a key without a pause, as a server under load does, until told to end; gives the verdicts in their order. */
function present(admission: Admission, key: string): () => Promise<string[]> {
  const verdicts: string[] = [];
  let on = true;
  const loop = (async () => {
    while (on) {
      verdicts.push(await verdict(admission, key));
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return async () => {
    on = false;
    await loop;
    return verdicts;
  };
}

describe('news of keys', () => {
  it.each([
    ['by the command line', ({ keyId }: Tenant) => tenants.revokeKey(keyId, 'cli')],
    ['by SQL', ({ keyId }: Tenant) => asSystem('UPDATE api_keys SET revoked_at = now() WHERE id = $1', keyId)],
    [
      'by SQL, which lets it expire',
      ({ keyId }: Tenant) => asSystem('UPDATE api_keys SET expires_at = now() WHERE id = $1', keyId),
    ],
    [
      'by the CFA itself',
      async (tenant: Tenant) => {
        await own.create(tenant, { label: 'autre' }, { actor: `key:${tenant.keyId}` });
        await own.revoke(tenant, tenant.keyId, { actor: `key:${tenant.keyId}` });
      },
    ],
    [
      'with its tenant, suspended',
      ({ hash }: Tenant) => asSystem('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', hash),
    ],
  ])('have a key refused on three instances within two seconds, under load, when it is ended %s', async (_how, end) => {
    const { tenant, key } = await aTenant();
    expect(await everywhere(key)).toEqual(['in', 'in', 'in']);
    const stops = admissions.map((admission) => present(admission, key));
    await end(tenant);
    await eventually(
      () => everywhere(key),
      (verdicts) => verdicts.every((each) => each === 'HTTP_ERROR'),
      soonMs,
    );
    for (const verdicts of await Promise.all(stops.map((stop) => stop()))) {
      const turned = verdicts.indexOf('HTTP_ERROR');
      expect(turned).toBeGreaterThan(0);
      expect(new Set(verdicts.slice(turned))).toEqual(new Set(['HTTP_ERROR']));
    }
  });

  it('let in at once a key that all instances had just refused, and the keys of a tenant that may go on', async () => {
    const { tenant } = await aTenant();
    const key = makeApiKey('test');
    expect(await everywhere(key)).toEqual(['HTTP_ERROR', 'HTTP_ERROR', 'HTTP_ERROR']);
    await tenants.addKey(tenant.hash, { label: 'importée', importedKey: key, actor: 'cli' });
    const allIn = (verdicts: string[]) => verdicts.every((each) => each === 'in');
    await eventually(() => everywhere(key), allIn, soonMs);
    await asSystem('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', tenant.hash);
    await eventually(
      () => everywhere(key),
      (verdicts) => !verdicts.includes('in'),
      soonMs,
    );
    await asSystem('UPDATE tenants SET suspended_at = NULL WHERE tenant_hash = $1', tenant.hash);
    await eventually(() => everywhere(key), allIn, soonMs);
  });

  it('that were missed are made up for as soon as somebody listens again', async () => {
    const { tenant, key } = await aTenant();
    await everywhere(key);
    // What nobody announces stands for what was announced while nobody listened.
    await asOwner('ALTER TABLE api_keys DISABLE TRIGGER announce');
    await tenants.revokeKey(tenant.keyId, 'cli');
    await asOwner('ALTER TABLE api_keys ENABLE TRIGGER announce');
    expect(await everywhere(key)).toEqual(['in', 'in', 'in']);
    await asOwner(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = 'opcovia_news' AND datname = current_database()`);
    await eventually(
      () => everywhere(key),
      (verdicts) => verdicts.every((each) => each === 'HTTP_ERROR'),
      soonMs,
    );
    await eventually(
      () => Promise.resolve(news.map(({ listening }) => listening)),
      (all) => !all.includes(false),
      soonMs,
    );
  });

  it('make a look-up that read the old state be done once more', async () => {
    const { tenant, key } = await aTenant();
    const [admission] = admissions as [Admission];
    const asKeyHolder = test.database.asKeyHolder.bind(test.database);
    const spied = jest.spyOn(test.database, 'asKeyHolder').mockImplementationOnce(async (keyHash, work) => {
      const read = await asKeyHolder(keyHash, work);
      const told = heard(admission);
      await tenants.revokeKey(tenant.keyId, 'cli');
      await told;
      return read;
    });
    expect(await verdict(admission, key)).toBe('HTTP_ERROR');
    expect(spied).toHaveBeenCalledTimes(2);
    spied.mockRestore();
  });

  it('name the key by its id, tell no hash, and say nothing of its use', async () => {
    const { tenant } = await aTenant();
    const ear = new pg.Client({ connectionString: test.url });
    await ear.connect();
    const payloads: (string | undefined)[] = [];
    ear.on('notification', ({ payload }) => payloads.push(payload));
    await ear.query('LISTEN opcovia_keys');
    await tenants.noteUse({ keyIds: [tenant.keyId], refusals: [] });
    const { keyId } = await tenants.addKey(tenant.hash, { label: 'autre', actor: 'cli' });
    await tenants.revokeKey(keyId, 'cli');
    await asSystem('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', tenant.hash);
    await eventually(
      () => Promise.resolve(payloads),
      ({ length }) => length >= 3,
      soonMs,
    );
    await ear.end();
    expect(payloads).toEqual([keyId, keyId, tenant.keyId]);
  });

  it('of a key at an OPCO reach all three instances, whoever changes it', async () => {
    const { tenant } = await aTenant();
    const told = async (times: number) =>
      eventually(
        () => Promise.resolve(changes),
        (heard) => heard >= times,
        soonMs,
      );
    changes = 0;
    const put = "INSERT INTO opco_credentials (tenant_hash, opco_id, sealed, hint) VALUES ($1, 'akto', 's', 'h')";
    await asSystem(put, tenant.hash);
    await told(3);
    await asSystem("UPDATE opco_credentials SET sealed = 't' WHERE tenant_hash = $1", tenant.hash);
    await told(6);
    await asSystem('DELETE FROM opco_credentials WHERE tenant_hash = $1', tenant.hash);
    await told(9);
  });

  it('that cannot be had stop nothing: the start goes on, and later attempts follow', async () => {
    const admission = new Admission(test.database);
    const deaf = keyNewsFor(
      { admission, credentials: { forgetAll: () => undefined } },
      'postgres://nobody@127.0.0.1:1/nowhere',
    );
    await deaf.start();
    expect(deaf.listening).toBe(false);
    const { key, tenant } = await aTenant();
    expect(await admission.admitTenant(key)).toEqual(tenant);
    await deaf.stop();
  });
});

async function asOwner(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: test.url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** Settles when the next news has come in. */
function heard(admission: Admission): Promise<void> {
  return new Promise((resolve) => {
    const forget = admission.forget.bind(admission);
    jest.spyOn(admission, 'forget').mockImplementation((keyId) => {
      forget(keyId);
      resolve();
    });
  });
}
