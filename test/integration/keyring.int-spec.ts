import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { openDesk } from '../../src/cli/desk.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import { DataKeys } from '../../src/tenancy/data-keys.js';
import { countReferences, StoredKeyCoverage, totalOf } from '../../src/tenancy/key-references.js';
import { OpcoClientsRepository } from '../../src/tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../../src/tenancy/opco-credentials.repository.js';
import { Reencryption, type ReencryptionPorts } from '../../src/tenancy/reencryption.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { openSecret, sealSecret } from '../../src/webhooks/secret.js';
import { eventually } from '../support/product.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const [k1, k2] = ['k1', 'k2'].map((id) => `${id}:${randomBytes(32).toString('hex')}`) as [string, string];
const newest = `${k2},${k1}`;
const [before, both, after] = [k1, newest, k2].map((text) => KeyRing.parse(text)) as [KeyRing, KeyRing, KeyRing];
const audit = new AuditTrail();
const dataKeys = 40;

describe('the key ring of a database', () => {
  let test: TestDatabase;
  let owner: pg.Client;
  let tenant: TenantHash;
  let webhookId: string;
  let keyIds: string[];

  beforeEach(async () => {
    test = await createTestDatabase();
    owner = new pg.Client({ connectionString: test.url });
    await owner.connect();
    await owner.query('SET ROLE opcovia_system');
    await fill();
  });

  afterEach(async () => {
    await owner.end();
    await test.drop();
  });

  /** A tenant with everything that the ring seals: 40 data keys and its own, a webhook under rotation, a client of the software. */
  async function fill(): Promise<void> {
    const keys = new DataKeys(test.database, before);
    await keys.load();
    const tenants = new TenantsRepository(test.database, audit);
    ({ tenant } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' }));
    const fresh = Array.from({ length: dataKeys }, (_, rank) => keys.fresh(tenant, `apprenti:${rank}`));
    keyIds = fresh.map(({ id }) => id);
    await test.database.asTenant(tenant, async (sql) => {
      for (const key of fresh) await keys.insert(sql, tenant, key);
    });
    const credential = { opcoId: 'akto', key: 'cle-akto-0123456789', actor: 'cli' };
    await new OpcoCredentialsRepository(test.database, keys, audit).put(tenant, credential);
    const client = { opcoId: 'akto', environment: 'test', clientId: 'opcovia', clientSecret: 's3cret-0123' } as const;
    await new OpcoClientsRepository(test.database, before, audit).set({ ...client, actor: 'cli' });
    webhookId = randomUUID();
    const secret = sealSecret(before, 'whsec_current', { webhookId, tenant });
    const previous = sealSecret(before, 'whsec_previous', { webhookId, tenant }, 'sealed_previous_secret');
    await owner.query(
      `INSERT INTO webhooks (id, tenant_hash, url, events, sealed_secret, sealed_previous_secret)
       VALUES ($1, $2, 'https://cfa.example', '{}', $3, $4)`,
      [webhookId, tenant, secret, previous],
    );
  }

  /** 40 data keys, the tenant's own, two webhook secrets, one client secret. */
  const everything = dataKeys + 4;
  const noNews = { onProgress: () => undefined, onUnopened: () => undefined };
  const run = async (ports: Partial<ReencryptionPorts> = {}) => {
    await new DataKeys(test.database, both).load();
    return new Reencryption({ database: test.database, ring: both, audit, batch: 7, ...noNews, ...ports }).run();
  };

  async function sealedBy(keyId: string): Promise<number> {
    const references = await test.database.asSystem(countReferences);
    return totalOf(references.filter((reference) => reference.keyId === keyId));
  }

  async function command(ring: string, ...args: string[]): Promise<{ code: number; text: string }> {
    const desk = await openDesk(readEnv({ DATABASE_URL: test.url, OPCOVIA_KEYRING: ring }));
    const lines: string[] = [];
    try {
      const code = await runCommandLine(args, {
        terminal: { print: (line) => void lines.push(line), readSecret: () => Promise.resolve('') },
        databaseUrl: () => Promise.resolve(test.url),
        desk: () => Promise.resolve(desk),
        apiKey: () => undefined,
        staffKey: () => undefined,
        stopped: () => new AbortController().signal,
      });
      return { code, text: lines.join('\n') };
    } finally {
      await desk.close();
    }
  }

  const trail = async () =>
    (
      await owner.query(
        `SELECT action, object, result, details FROM audit_logs WHERE action LIKE 'keyring%' ORDER BY id`,
      )
    ).rows;

  it('is sealed anew under the active key by the command, which traces start and end; the old key may then go', async () => {
    expect(await sealedBy('k1')).toBe(everything);
    const status = await command(newest, 'keyring:status');
    expect(status).toMatchObject({
      code: 0,
      text: expect.stringContaining(`k1  ouvre seulement  ${everything} valeurs`),
    });
    const done = await command(newest, 'keyring:reencrypt');
    expect(done.code).toBe(0);
    expect(done.text).toMatch(/^ {2}44 valeurs, \d+ par seconde\nTout est scellé par k2/);
    expect([await sealedBy('k1'), await sealedBy('k2')]).toEqual([0, everything]);
    const afterwards = await command(newest, 'keyring:status');
    expect(afterwards.text).toContain('La clé k1 ne scelle plus rien : retirez-la');
    expect(await trail()).toEqual([
      { action: 'keyring.reencryption_started', object: 'keyring:k2', result: 'ok', details: { values: everything } },
      {
        action: 'keyring.reencrypted',
        object: 'keyring:k2',
        result: 'ok',
        details: { reencrypted: everything, unopened: 0, left: 0 },
      },
    ]);
    expect(await command(newest, 'keyring:reencrypt')).toMatchObject({
      code: 0,
      text: expect.stringContaining('Tout est déjà scellé par k2.'),
    });
    await opensWithTheNewKeyAlone();
  });

  async function opensWithTheNewKeyAlone(): Promise<void> {
    const keys = new DataKeys(test.database, after);
    await keys.load();
    await test.database.asTenant(tenant, async (sql) => {
      for (const id of keyIds) expect((await keys.open(sql, tenant, id)).id).toBe(id);
    });
    const credentials = new OpcoCredentialsRepository(test.database, keys, audit);
    const self = { hash: tenant, nom: '', environment: 'test', keyId: '' } as const;
    expect(await credentials.cfaKey(self, 'akto')).toBe('cle-akto-0123456789');
    const clients = new OpcoClientsRepository(test.database, after, audit);
    expect((await clients.software('akto', 'test')).clientSecret).toBe('s3cret-0123');
    const { rows } = await owner.query('SELECT sealed_secret, sealed_previous_secret FROM webhooks');
    expect(openSecret(after, rows[0].sealed_secret, { webhookId, tenant })).toBe('whsec_current');
    expect(openSecret(after, rows[0].sealed_previous_secret, { webhookId, tenant }, 'sealed_previous_secret')).toBe(
      'whsec_previous',
    );
  }

  it('is finished by a second run when the first one was cut off, and by two at once', async () => {
    let batches = 0;
    const cut = () => {
      if (++batches === 2) throw new Error('killed');
    };
    await expect(run({ onProgress: cut })).rejects.toThrow('killed');
    expect(await sealedBy('k2')).toBe(14);
    const reports = await Promise.all([run(), run({ batch: 3 })]);
    expect(reports.map(({ unopened, left }) => [unopened, left])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(reports.reduce((sum, { reencrypted }) => sum + reencrypted, 0)).toBe(everything - 14);
    await opensWithTheNewKeyAlone();
  });

  it('goes on around a value that does not open, names it, leaves it as it is, and ends with 1', async () => {
    const broken = keyIds[3] ?? '';
    const foreign = keyIds[4] ?? '';
    await owner.query(`UPDATE data_keys SET wrapped = overlay(wrapped placing 'AAAA' from 8) WHERE id = $1`, [broken]);
    await owner.query(`UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = $2) WHERE id = $1`, [
      foreign,
      keyIds[5],
    ]);
    const done = await command(newest, 'keyring:reencrypt');
    expect(done.code).toBe(1);
    for (const id of [broken, foreign]) expect(done.text).toContain(`laissée en l’état : data_keys.wrapped ${id}\n`);
    expect(done.text).toContain('2 valeurs ne s’ouvrent pas');
    expect([await sealedBy('k1'), await sealedBy('k2')]).toEqual([2, everything - 2]);
    expect((await trail()).at(-1)).toMatchObject({ result: 'incomplete', details: { unopened: 2, left: 0 } });
  });

  it('keeps what somebody writes meanwhile: a held row is passed over, then waited for', async () => {
    const other = new pg.Client({ connectionString: test.url });
    await other.connect();
    await other.query('BEGIN; SET LOCAL ROLE opcovia_system');
    const written = sealSecret(before, 'whsec_written_meanwhile', { webhookId, tenant });
    await other.query('UPDATE webhooks SET sealed_secret = $1', [written]);
    const running = run();
    await eventually(
      () =>
        owner.query(`SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
                     WHERE NOT granted AND datname = current_database()`),
      ({ rowCount }) => rowCount === 1,
    );
    expect(await sealedBy('k2')).toBe(everything - 2);
    await other.query('COMMIT');
    await other.end();
    expect(await running).toEqual({ reencrypted: everything, unopened: 0, left: 0 });
    const { rows } = await owner.query('SELECT sealed_secret FROM webhooks');
    expect(openSecret(after, rows[0].sealed_secret, { webhookId, tenant })).toBe('whsec_written_meanwhile');
  });

  it('is incomplete while a key that was removed still seals something, and complete once it does not', async () => {
    const missing = (ring: KeyRing) => new StoredKeyCoverage(test.database, ring).missing();
    expect(await missing(before)).toEqual([]);
    await new DataKeys(test.database, both).load();
    expect(await missing(both)).toEqual([]);
    expect(await missing(after)).toEqual(['k1']);
    expect(await command(k2, 'keyring:status')).toMatchObject({
      code: 1,
      text: expect.stringContaining('k1  ABSENTE DU TROUSSEAU'),
    });
    expect(await missing(before)).toEqual([]);
    await run();
    expect([await missing(after), await missing(before)]).toEqual([[], ['k2']]);
    // One damaged value names a key that never was: its own fault, not the ring's.
    await owner.query(`UPDATE data_keys SET wrapped = replace(wrapped, 'v1.k2.', 'v1.k7.') WHERE id = $1`, [keyIds[0]]);
    expect(await missing(after)).toEqual([]);
  });

  it('finds the values of one key by an index, however many there are', async () => {
    await owner.query(
      `INSERT INTO data_keys (id, tenant_hash, subject, wrapped)
       SELECT gen_random_uuid(), $1, '\\x00', 'v1.k2.' || n FROM generate_series(1, 20000) n`,
      [tenant],
    );
    const { rows } = await owner.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT 1 FROM data_keys WHERE split_part(wrapped, '.', 2) = 'k9' LIMIT 1`,
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('data_keys_ring_key');
  });

  it('refuses, before anything is sealed, a key of another value under a known id', async () => {
    const wrong = `k1:${randomBytes(32).toString('hex')}`;
    await expect(command(wrong, 'keyring:status')).rejects.toThrow('the key k1 is not the one that sealed');
    await expect(command(`${k2},${wrong}`, 'keyring:reencrypt')).rejects.toThrow('the key k1 is not the one');
    expect(await sealedBy('k1')).toBe(everything);
  });
});
