import pg from 'pg';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { verifyChains } from '../../src/audit/verify-chain.js';
import { Database } from '../../src/platform/database/database.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

interface Row {
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly result: string;
  readonly request_id: string | null;
  readonly source: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

describe('the audit trail of the whole product', () => {
  let product: Product;
  let key: string;
  let owner: pg.Client;

  beforeAll(async () => {
    // A poll would add calls of its own.
    product = await startProduct({ OPCOVIA_ROLES: 'api,worker,hub' });
    key = await product.newTenant('CFA audité');
    owner = new pg.Client({ connectionString: product.databaseUrl });
    await owner.connect();
    await owner.query('SET ROLE opcovia_system');
  });

  afterAll(async () => {
    await owner.end();
    await product.stop();
  });

  const ask = (method: string, path: string, body?: unknown, headers = {}) =>
    product.ask(key, method, path, { ...(body !== undefined && { body }), headers });
  const rows = async (where: string, ...values: unknown[]): Promise<Row[]> =>
    (await owner.query<Row>(`SELECT * FROM audit_logs WHERE ${where} ORDER BY id`, values)).rows;
  const settled = (statusUrl: string) =>
    eventually(
      () => ask('GET', statusUrl),
      ({ body }) => !['pending', 'processing'].includes(body.status),
    );
  const deposit = async (rank: number) =>
    (await ask('POST', '/akto/dossiers', { cerfa: exampleCerfa({ rank }) })).body as {
      jobId: string;
      statusUrl: string;
    };

  it('has one row for each change, by the id of the key, from a network, under the request', async () => {
    const { rows: keys } = await owner.query<{ id: string }>('SELECT id FROM api_keys');
    const actor = `key:${keys[0]?.id}`;
    const draft = { url: 'https://cfa.example.org/x', events: ['job.completed'] };
    const created = await ask('POST', '/webhooks', draft);
    const { id } = created.body as { id: string };
    const job = await deposit(1);
    const changes = [
      ['webhook.created', `webhook:${id}`, created],
      ['webhook.changed', `webhook:${id}`, await ask('PATCH', `/webhooks/${id}`, { status: 'paused' })],
      ['webhook.secret_rotated', `webhook:${id}`, await ask('POST', `/webhooks/${id}/rotate-secret`)],
      [
        'webhook.recovered',
        `webhook:${id}`,
        await ask('POST', `/webhooks/${id}/recover`, { since: '2026-01-01T00:00:00Z' }),
      ],
      ['webhook.deleted', `webhook:${id}`, await ask('DELETE', `/webhooks/${id}`)],
      [
        'credentials.replaced',
        'credentials:afdas',
        await ask('PUT', '/afdas/credentials', { cle: 'une-nouvelle-cle' }),
      ],
      ['credentials.deleted', 'credentials:afdas', await ask('DELETE', '/afdas/credentials')],
      ['credentials.stored', 'credentials:afdas', await ask('PUT', '/afdas/credentials', { cle: 'une-autre-cle' })],
    ] as const;
    for (const [action, object, { headers }] of changes) {
      const found = await rows(
        'action = $1 AND object = $2 AND request_id = $3',
        action,
        object,
        headers.get('x-request-id'),
      );
      expect(found.map((row) => [row.action, row.actor, row.source, row.result])).toEqual([
        [action, actor, '127.0.0.0/24', 'ok'],
      ]);
    }
    await settled(job.statusUrl);
    const ofJob = await rows('object = $1', `job:${job.jobId}`);
    expect(ofJob.map((row) => [row.action, row.actor, row.source])).toEqual([
      ['deposit.accepted', actor, '127.0.0.0/24'],
      ['job.completed', 'system:worker', null],
    ]);
  });

  it('has the calls that the OPCO received, and none that it did not, whatever became of them', async () => {
    const received = () =>
      product.sandbox.world.ledger.read({ opcoId: 'opco-ep' }).filter(({ path }) => !path.includes('oauth')).length;
    const before = received();
    const faults = [{ kind: 'status', status: 500 }, { kind: 'reset-before-read' }, { kind: 'truncate' }];
    for (const fault of faults) {
      await control(product.sandbox, '/_sandbox/faults', { opcoId: 'opco-ep', path: '/v*', times: 1, ...fault });
      await ask('GET', '/opco-ep/dossiers/etats', undefined, { 'cache-control': 'no-cache' });
    }
    for (let hit = 0; hit < 5; hit++) await ask('GET', '/opco-ep/dossiers/etats');
    const calls = await rows(`action = 'upstream.called' AND object LIKE 'endpoint:opco-ep/%'`);
    expect(calls.every(({ actor, source }) => actor.startsWith('key:') && source === '127.0.0.0/24')).toBe(true);
    const counted = calls.reduce((sum, { details }) => sum + Number(details['calls']), 0);
    expect(counted).toBeGreaterThan(faults.length);
    expect(counted).toBe(received() - before);
  });

  it('holds, chained by the product itself, with rows that have a source and rows that have none', async () => {
    const everyRow = "action <> 'cache.hits'";
    const waiting = `${everyRow} AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.audit_id = audit_logs.id)`;
    await eventually(
      () => rows(waiting),
      (left) => left.length === 0,
    );
    const reports = await verifyChains(product.opcovia.api.get(Database));
    expect(reports.filter(({ fault }) => fault !== undefined)).toEqual([]);
    const verified = reports.reduce((sum, report) => sum + report.verified, 0);
    expect(verified).toBe((await rows(everyRow)).length);
  });

  describe('when it is full', () => {
    let admin: pg.Client;

    beforeAll(async () => {
      admin = new pg.Client({ connectionString: product.databaseUrl });
      await admin.connect();
    });

    afterAll(() => admin.end());

    async function whileFull<T>(work: () => Promise<T>): Promise<T> {
      await admin.query(`
        CREATE SEQUENCE tries;
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          IF NEW.action LIKE 'job.%' THEN PERFORM nextval('tries'); END IF;
          RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full';
        END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION full_disk()`);
      return work().finally(() => admin.query('DROP FUNCTION full_disk CASCADE; DROP SEQUENCE tries'));
    }

    it('lets no change happen: each is refused with 503, and nothing of it is left', async () => {
      const draft = { url: 'https://cfa.example.org/y', events: ['job.completed'] };
      const { id } = (await ask('POST', '/webhooks', draft)).body as { id: string };
      const count = async () => {
        const { rows: found } = await owner.query(
          'SELECT (SELECT count(*) FROM webhooks) AS w, (SELECT count(*) FROM jobs) AS j, (SELECT count(*) FROM opco_credentials) AS c',
        );
        return found[0] as unknown;
      };
      const before = await count();
      const answers = await whileFull(async () => [
        await ask('POST', '/webhooks', draft),
        await ask('PATCH', `/webhooks/${id}`, { status: 'paused' }),
        await ask('DELETE', `/webhooks/${id}`),
        await ask('PUT', '/akto/credentials', { cle: 'une-cle-de-plus' }),
        await ask('DELETE', '/akto/credentials'),
        await ask('POST', '/akto/dossiers', { cerfa: exampleCerfa({ rank: 2 }) }),
      ]);
      for (const { status, body, headers } of answers) {
        expect([status, body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      }
      expect(await count()).toEqual(before);
      expect((await ask('GET', `/webhooks/${id}`)).body.status).toBe('active');
      expect((await settled((await deposit(2)).statusUrl)).body.status).toBe('completed');
    });

    it('goes on with a deposit under way only when there is room again, and sends it once', async () => {
      await control(product.sandbox, '/_sandbox/faults', {
        opcoId: 'akto',
        method: 'POST',
        path: '/v*',
        times: 1,
        kind: 'hold',
        ms: 300,
      });
      const posts = () =>
        product.sandbox.world.ledger.read({ opcoId: 'akto', committed: true }).filter(({ method }) => method === 'POST')
          .length;
      const before = posts();
      const { jobId, statusUrl } = await deposit(3);
      await eventually(
        async () => posts(),
        (count) => count > before,
      );
      await whileFull(() =>
        eventually(
          // A sequence remembers what a transaction tried and took back.
          async () => (await admin.query('SELECT is_called FROM tries')).rows,
          ([tried]) => tried?.is_called === true,
        ),
      );
      const job = await settled(statusUrl);
      expect(['completed', 'needs_review']).toContain(job.body.status);
      expect(posts()).toBe(before + 1);
      const actions = (await rows('object = $1', `job:${jobId}`)).map(({ action }) => action);
      expect([actions.at(0), actions.filter((action) => action === `job.${job.body.status}`).length]).toEqual([
        'deposit.accepted',
        1,
      ]);
    });
  });
});
