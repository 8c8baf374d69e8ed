import { opcoIds } from '../../src/core/endpoint.js';
import 'reflect-metadata';
import pg from 'pg';
import { tenantHashOf } from '../../src/core/tenant.js';
import { OpcoCredentialsRepository } from '../../src/tenancy/opco-credentials.repository.js';
import { control, startProduct, type Asked, type Product } from '../support/product.js';

describe('the key of a CFA at an OPCO', () => {
  let product: Product;
  let owner: pg.Client;
  let anna: string;
  let boris: string;

  beforeAll(async () => {
    // No poller: what is read here is read by the tests alone.
    product = await startProduct({ OPCOVIA_ROLES: 'api,hub' });
    [anna, boris] = [await product.newTenant('CFA Anna'), await product.newTenant('CFA Boris')];
    owner = new pg.Client({ connectionString: product.databaseUrl });
    await owner.connect();
  });

  afterAll(async () => {
    await owner.end();
    await product.stop();
  });

  const put = (cle: unknown, key = anna, opcoId = 'akto') =>
    product.ask(key, 'PUT', `/${opcoId}/credentials`, { body: { cle } });
  const get = (key = anna, opcoId = 'akto') => product.ask(key, 'GET', `/${opcoId}/credentials`);
  const read = (key = anna, opcoId = 'akto', headers = {}) =>
    product.ask(key, 'GET', `/${opcoId}/dossiers/etats`, { headers });
  const seen = ({ status, headers }: Asked) => [status, /hit/.test(headers.get('cache-status') ?? '')];

  /** Rows of a tenant, as the system sees them. */
  async function rows<Row extends object>(statement: string, ...values: unknown[]): Promise<Row[]> {
    await owner.query('SET ROLE opcovia_system');
    const found = await owner.query<Row & Record<string, unknown>>(statement, values);
    await owner.query('RESET ROLE');
    return found.rows;
  }

  async function sealed(key = anna, opcoId = 'akto'): Promise<string> {
    const [row] = await rows<{ sealed: string }>(
      'SELECT sealed FROM opco_credentials WHERE tenant_hash = $1 AND opco_id = $2',
      tenantHashOf(key),
      opcoId,
    );
    return row?.sealed ?? '';
  }

  const actions = async (key = anna) =>
    (
      await rows<{ action: string; actor: string }>(
        `SELECT action, actor FROM audit_logs
         WHERE tenant_hash = $1 AND object = 'credentials:akto' AND actor <> 'cli' ORDER BY id`,
        tenantHashOf(key),
      )
    ).map(({ action, actor }) => `${actor.split(':')[0]} ${action}`);

  /** A key that the OPCO knows as one of this CFA. */
  async function knownKey(cle: string): Promise<string> {
    await control(product.sandbox, '/_sandbox/cfas', { opcoId: 'akto', apiKey: cle });
    return cle;
  }

  it('is stored and replaced, and shown as a mask and two dates, never again as itself', async () => {
    const first = await put(await knownKey('premiere-cle-du-cfa-1111'));
    const before = await sealed();
    const second = await put('premiere-cle-du-cfa-1111');
    expect(first.body).toEqual({
      opcoId: 'akto',
      indice: '••••1111',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(second.body).toMatchObject({ indice: '••••1111', createdAt: first.body.createdAt });
    expect(Date.parse(second.body.updatedAt)).toBeGreaterThan(Date.parse(first.body.updatedAt));
    expect((await get()).body).toEqual(second.body);
    // The same key once more is another ciphertext.
    expect(await sealed()).not.toBe(before);
    expect((await put('courte')).body.indice).toBe('••••');
    expect([first, second, await get()].map(({ text }) => text).join()).not.toContain('premiere-cle');
    expect(await actions()).toEqual(Array.from({ length: 3 }, () => 'key credentials.replaced'));
  });

  it.each([
    ['nothing', ''],
    ['513 characters', 'x'.repeat(513)],
    ['a space', 'une cle'],
    ['an accent', 'clé-du-cfa-0123456789'],
    ['a line break', 'cle-du-cfa-0123456789\n'],
    ['a number', 12345678],
    ['null', null],
  ])('is refused when it is %s, and is not repeated', async (_what, cle) => {
    const before = await sealed();
    const refused = await put(cle);
    expect([refused.status, refused.body.code, refused.body.errors[0].pointer]).toEqual([
      400,
      'VALIDATION_ERROR',
      '/cle',
    ]);
    if (typeof cle === 'string' && cle.length > 6) expect(refused.text).not.toContain(cle.slice(0, 6));
    expect(await sealed()).toBe(before);
  });

  it('is stored for an OPCO that is served, and for no other word', async () => {
    const body = { cle: 'cle-du-cfa-0123456789' };
    const answers = await Promise.all(
      ['nulle-part', 'AKTO'].map((opcoId) => product.ask(anna, 'PUT', `/${opcoId}/credentials`, { body })),
    );
    expect(answers.map(({ status, body: { code } }) => [status, code])).toEqual([
      [404, 'UNKNOWN_OPCO'],
      [404, 'UNKNOWN_OPCO'],
    ]);
    expect(await rows(`SELECT 1 FROM opco_credentials WHERE opco_id <> ALL ('{${opcoIds.join(',')}}')`)).toEqual([]);
  });

  it('is not stored without its line in the trail', async () => {
    const before = await sealed();
    await owner.query('ALTER TABLE audit_logs RENAME TO audit_logs_gone');
    const failed = await put('cle-sans-trace-0123456789');
    await owner.query('ALTER TABLE audit_logs_gone RENAME TO audit_logs');
    expect(failed.status).toBe(500);
    expect(await sealed()).toBe(before);
  });

  it('belongs to its tenant: another one sees its own, and removes its own', async () => {
    await product.ask(boris, 'DELETE', '/akto/credentials');
    const before = await sealed();
    const [shown, removed] = [await get(boris), await product.ask(boris, 'DELETE', '/akto/credentials')];
    expect([shown, removed].map(({ status, body }) => [status, body.code])).toEqual([
      [404, 'NOT_FOUND'],
      [404, 'NOT_FOUND'],
    ]);
    expect(await sealed()).toBe(before);
    expect((await put(await knownKey('cle-de-boris-0123456789'), boris)).body.createdAt).toEqual(expect.any(String));
    expect(await sealed()).toBe(before);
  });

  it('takes what was read with it along when it is replaced or removed', async () => {
    await put(await knownKey('cle-d-avant-0123456789'));
    const [miss, hit] = [await read(), await read()];
    expect([miss, hit].map(seen)).toEqual([
      [200, false],
      [200, true],
    ]);
    await put(await knownKey('cle-d-apres-0123456789'));
    expect(seen(await read())).toEqual([200, false]);
    expect(seen(await read())).toEqual([200, true]);
    // One that the OPCO refuses must not be answered with what the last one was shown.
    await put('cle-inconnue-de-l-opco-9');
    for (const headers of [{}, { 'cache-control': 'max-age=600' }]) {
      const refused = await read(anna, 'akto', headers);
      expect([refused.status, refused.body.code]).toEqual([502, 'UPSTREAM_AUTH']);
    }
    await put(await knownKey('cle-derniere-0123456789'));
    expect([seen(await read()), seen(await read())]).toEqual([
      [200, false],
      [200, true],
    ]);
    expect((await product.ask(anna, 'DELETE', '/akto/credentials')).status).toBe(204);
    const gone = await read();
    expect([gone.status, gone.body.code, gone.body.detail]).toEqual([
      502,
      'UPSTREAM_AUTH',
      expect.stringContaining('PUT /akto/credentials'),
    ]);
    expect((await actions()).slice(-3)).toEqual([
      'key credentials.replaced',
      'key credentials.replaced',
      'key credentials.deleted',
    ]);
  });

  describe('that was damaged in the database', () => {
    beforeEach(async () => {
      await put(await knownKey('cle-abimee-0123456789'));
      await owner.query('SET ROLE opcovia_system');
    });

    afterEach(() => owner.query('RESET ROLE'));

    it.each([
      ['its version', `'v2' || substr(sealed, 3)`],
      ['its key id', `overlay(sealed placing '00000000' from 4)`],
      ['its nonce', `overlay(sealed placing 'AAAA' from 42)`],
      ['its ciphertext', `overlay(sealed placing 'AAAA' from 58)`],
      ['its tag', `overlay(sealed placing 'AAAA' from length(sealed) - 8)`],
      ['its tag, cut to 12 bytes', `left(sealed, -6)`],
      ['all of it', `''`],
      [
        'its place',
        `(SELECT o.sealed FROM opco_credentials o WHERE o.tenant_hash = c.tenant_hash AND o.opco_id = 'afdas')`,
      ],
      [
        'its tenant',
        `(SELECT o.sealed FROM opco_credentials o WHERE o.tenant_hash <> c.tenant_hash AND o.opco_id = 'akto')`,
      ],
    ])('in %s fails alone, is traced, and is healed by storing it again', async (_what, damage) => {
      const hash = tenantHashOf(anna);
      await owner.query(
        `UPDATE opco_credentials c SET sealed = ${damage} WHERE tenant_hash = $1 AND opco_id = 'akto'`,
        [hash],
      );
      product.opcovia.api.get(OpcoCredentialsRepository).forget(hash, 'akto');
      const failed = await read(anna, 'akto', { 'cache-control': 'no-cache' });
      expect([failed.status, failed.body.code]).toEqual([502, 'UPSTREAM_AUTH']);
      expect(failed.text).not.toContain('cle-abimee');
      expect((await read(anna, 'opco-ep')).status).toBe(200);
      expect((await read(boris)).status).toBe(200);
      expect((await get()).body.indice).toBe('••••6789');
      expect((await put('cle-abimee-0123456789')).status).toBe(200);
      expect((await read()).status).toBe(200);
    });

    it('leaves a line in the trail, one a minute', async () => {
      expect((await actions()).filter((action) => action === 'system credentials.unreadable')).toHaveLength(1);
    });
  });

  it('is in no log line', () => {
    expect(product.logged()).not.toMatch(/cle-(d|abimee|inconnue|derniere|sans-trace)|premiere-cle/);
  });
});
