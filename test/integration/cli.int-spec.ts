import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { openDesk, type Desk } from '../../src/cli/desk.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { Admission } from '../../src/tenancy/admission.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the command line, on a real database', () => {
  let test: TestDatabase;
  let desk: Desk;

  beforeAll(async () => {
    test = await createTestDatabase();
    const keyring = `k1:${randomBytes(32).toString('hex')}`;
    desk = await openDesk(readEnv({ DATABASE_URL: test.url, OPCOVIA_KEYRING: keyring }));
  });

  afterAll(async () => {
    await desk.close();
    await test.drop();
  });

  async function run(args: string[], secret = ''): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const code = await runCommandLine(args, {
      terminal: { print: (line) => void lines.push(line), readSecret: () => Promise.resolve(secret) },
      databaseUrl: () => Promise.resolve(test.url),
      desk: () => Promise.resolve(desk),
      apiKey: () => undefined,
      staffKey: () => undefined,
      stopped: () => new AbortController().signal,
    });
    return { code, text: lines.join('\n') };
  }

  it('registers a CFA, shows its key once, stores its credential, revokes the key, and leaves a trail that holds', async () => {
    const created = await run(['tenant:create', '--nom', 'CFA X']);
    const key = /X-API-KEY: (opv_test_\S{43})$/m.exec(created.text)?.[1] ?? '';
    const tenant = await new Admission(test.database).admitTenant(key);
    const credential = await run(
      ['credentials:set', '--tenant', tenant.hash.slice(0, 8), '--opco', 'akto'],
      'cle-akto-0123456789',
    );
    expect(credential.text).toContain('••••6789');
    expect(await desk.credentials.cfaKey(tenant, 'akto')).toBe('cle-akto-0123456789');
    const listed = await run(['tenant:list']);
    expect(listed.text).toContain(tenant.keyId);
    expect(credential.text + listed.text).not.toMatch(new RegExp(`${key}|cle-akto|${tenant.hash}`));
    expect((await run(['key:revoke', '--id', tenant.keyId])).code).toBe(0);
    expect((await run(['key:revoke', '--id', tenant.keyId])).code).toBe(1);
    await expect(new Admission(test.database).admitTenant(key)).rejects.toMatchObject({ code: 'HTTP_ERROR' });
    expect(await run(['audit:verify'])).toMatchObject({ code: 0, text: expect.stringContaining('4 en attente') });
  });

  it('suspends a CFA with all its keys, and lets it in again', async () => {
    const created = await run(['tenant:create', '--nom', 'CFA Z']);
    const key = /X-API-KEY: (opv_test_\S{43})$/m.exec(created.text)?.[1] ?? '';
    const [, hash = ''] = /empreinte ([0-9a-f]{8})/.exec(created.text) ?? [];
    const enters = () =>
      new Admission(test.database).admitTenant(key).then(
        () => true,
        () => false,
      );
    expect((await run(['tenant:suspend', '--tenant', hash, '--resume'])).code).toBe(1);
    expect((await run(['tenant:suspend', '--tenant', hash])).code).toBe(0);
    expect((await run(['tenant:suspend', '--tenant', hash])).code).toBe(1);
    expect(await enters()).toBe(false);
    expect((await run(['tenant:list'])).text).toContain('CFA Z  (suspendu)');
    expect((await run(['tenant:suspend', '--tenant', hash, '--resume'])).code).toBe(0);
    expect(await enters()).toBe(true);
    expect((await run(['audit:search', '--tenant', hash])).text).toMatch(/tenant\.resumed[\s\S]*tenant\.suspended/);
  });

  it('sends an instance away from the hub once, lets it come back once, and leaves both in the trail', async () => {
    const order = (...more: string[]) => run(['hub:revoke', '--instance', 'api-7', ...more]);
    const barred = () => test.database.asSystem((sql) => sql.query('SELECT instance FROM hub_revoked'));
    expect((await run(['hub:revoke', '--instance', "x'; --"])).code).not.toBe(0);
    expect((await order('--readmit')).code).toBe(1);
    expect((await order()).text).toBe('api-7 : écartée du hub.');
    expect(await barred()).toEqual([{ instance: 'api-7' }]);
    expect((await order()).code).toBe(1);
    expect((await order('--readmit')).text).toBe('api-7 : peut revenir.');
    expect(await barred()).toEqual([]);
    const trail = await test.database.asSystem((sql) =>
      sql.query("SELECT action FROM audit_logs WHERE object = 'instance:api-7' ORDER BY id"),
    );
    expect(trail).toEqual([{ action: 'hub_instance.revoked' }, { action: 'hub_instance.readmitted' }]);
  });

  it('weighs a CFA, and says what it weighed before in the trail', async () => {
    const created = await run(['tenant:create', '--nom', 'CFA W']);
    const [, hash = ''] = /empreinte ([0-9a-f]{8})/.exec(created.text) ?? [];
    expect((await run(['tenant:weight', '--tenant', hash, '--weight', '3'])).text).toBe('CFA W : poids 3.');
    expect((await run(['tenant:list'])).text).toContain('CFA W  (poids 3)');
    const [key = ''] = /opv_test_\S{43}/.exec(created.text) ?? [];
    expect(await new Admission(test.database).admitTenant(key)).toMatchObject({ nom: 'CFA W', weight: 3 });
    expect((await run(['audit:search', '--tenant', hash])).text).toMatch(/tenant\.weighed .* before=1 weight=3/);
  });

  it('shows staff the trail of a CFA, page by page, and writes down that it did', async () => {
    const created = await run(['tenant:create', '--nom', 'CFA Y']);
    const [, hash = ''] = /empreinte ([0-9a-f]{8})/.exec(created.text) ?? [];
    await run(['credentials:set', '--tenant', hash, '--opco', 'akto'], 'cle-akto-0123456789');
    const first = await run(['audit:search', '--tenant', hash, '--limit', '2']);
    expect(first.text).toMatch(/ {2}credentials\.stored {2}.*\n.* {2}key\.created {2}/);
    const [, before = ''] = /La suite : --before (\d+)/.exec(first.text) ?? [];
    const second = await run(['audit:search', '--tenant', hash, '--before', before]);
    expect(second.text).toMatch(/^\d+ {2}\S+Z {2}cli {2}tenant\.created {2}tenant {2}ok {2}- - environment=test$/);
    const searches = await run([
      'audit:search',
      '--tenant',
      hash,
      '--action',
      'audit.searched',
      '--since',
      '2026-01-01',
    ]);
    expect(searches.text.match(/audit\.searched/g)).toHaveLength(2);
    const none = await run(['audit:search', '--tenant', hash, '--until', '2020-01-01T00:00:00Z']);
    expect(none).toEqual({ code: 0, text: 'Aucune ligne.' });
    expect((await run(['audit:search', '--tenant', 'system'])).code).toBe(0);
    expect(first.text + second.text).not.toContain('cle-akto');
  });

  it.each([
    [['--tenant', 'aaaaaaaa', '--action', 'all'], 2],
    [['--tenant', 'aaaaaaaa', '--since', 'hier'], 2],
    [['--tenant', 'aaaaaaaa', '--limit', '1001'], 2],
    [['--tenant', 'aaaaaaaa', '--before', '1; DROP TABLE'], 2],
    [[], 2],
    [['--tenant', '00000000'], 1],
  ])('refuses to search with %j', async (options, code) => {
    expect((await run(['audit:search', ...options])).code).toBe(code);
  });

  it('imports a key from standard input once', async () => {
    const args = ['tenant:create', '--nom', 'CFA A', '--environment', 'live', '--import-key-stdin'];
    const first = await run(args, 'cfa-A-6f1c0b1e9d3a4c7f8e21');
    expect(first).toMatchObject({ code: 0, text: expect.stringContaining('bb89b955') });
    expect(first.text).not.toContain('cfa-A');
    expect(await run(args, 'cfa-A-6f1c0b1e9d3a4c7f8e21')).toEqual({ code: 1, text: 'Cette clé est déjà enregistrée.' });
  });

  it('lists the failed deposits and brings them back, by filter only', async () => {
    expect(await run(['jobs:dead', '--opco', 'akto'])).toEqual({
      code: 0,
      text: '0 dépôt(s) en échec : 0 à relancer, 0 déposé(s) de nouveau depuis.',
    });
    expect((await run(['jobs:redrive'])).code).toBe(2);
    expect((await run(['jobs:redrive', '--opco', 'akto', '--type', 'lettres'])).code).toBe(2);
    expect((await run(['jobs:redrive', '--opco', 'akto', '--since', '2026-01-01'])).text).toBe(
      '0 dépôt(s) relancé(s), 0 laissé(s), 0 encore à relancer.',
    );
  });

  it('says that the schema is up to date', async () => {
    expect(await run(['migrate'])).toEqual({ code: 0, text: 'Le schéma est à jour.' });
  });
});
