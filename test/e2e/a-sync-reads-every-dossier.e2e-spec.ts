import { SyncingCfa } from '../support/a-sync.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

const limits = JSON.stringify(
  Object.fromEntries(['akto', 'opco-ep', 'afdas', 'atlas'].map((id) => [id, { callsPerSecond: 400, burst: 100 }])),
);

describe('a bulk synchronisation', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      // A poll would read dossiers of its own.
      OPCOVIA_ROLES: 'api,worker,hub',
      OPCOVIA_UPSTREAM_LIMITS: limits,
      OPCOVIA_SYNC_BATCH: '20',
      OPCOVIA_SYNC_BACKOFF_MS: '100',
    });
    for (const opcoId of ['akto', 'opco-ep', 'afdas', 'atlas'])
      await control(product.sandbox, '/_sandbox/quotas', { opcoId, limit: 100_000 });
  });

  afterAll(() => product.stop());

  it('reads the list and each dossier once, tells of it, and reports; a second one finds nothing changed', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 230);
    const first = await cfa.start();
    expect(await cfa.ended(first)).toMatchObject({
      ...{ status: 'completed', phase: 'details', opcoId: 'akto' },
      progress: { done: 230, total: 230, seen: 230, batches: 12, rate: null, eta: null },
      report: {
        ...{ complete: true, seen: 230, new: 230, changed: 0, unchanged: 0 },
        ...{ missing: { count: 0, numerosInternes: [] }, failed: { count: 0, dossiers: [] } },
      },
    });
    expect([cfa.heard('dossier').length, cfa.heard('etats').length]).toEqual([230, 3]);
    const events = await cfa.events('sync.started,sync.batch,sync.completed', 14);
    expect(events.map(({ event }) => event)).toEqual([
      'sync.started',
      ...Array(12).fill('sync.batch'),
      'sync.completed',
    ]);
    expect(events.at(-2)?.data).toMatchObject({ batch: 12, done: 230, total: 230, new: 230, etaSeconds: 0 });
    expect(events.at(-2)?.data['rate']).toBeGreaterThan(0);
    expect(events.at(-1)?.data).toMatchObject({ complete: true, seen: 230, missing: 0, failed: 0 });
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ seen: 230, new: 0, changed: 0, unchanged: 230 });
  });

  it('tells of what has changed since, once, and forgets the answer that was cached', async () => {
    const cfa = await SyncingCfa.of(product, 'opco-ep', 30);
    await cfa.ended(await cfa.start());
    const [numeroInterne = ''] = cfa.numeros;
    const read = () => product.ask(cfa.apiKey, 'GET', `/opco-ep/dossiers/${numeroInterne}`);
    const { body: before } = await read();
    const etat = before.cerfa.etat === 'REFUSE' ? 'ANNULE' : 'REFUSE';
    await cfa.put(numeroInterne, etat);
    expect((await read()).body.cerfa.etat).toBe(before.cerfa.etat);
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ seen: 30, changed: 1, unchanged: 29 });
    expect((await cfa.events('dossier.etat_changed')).map(({ data }) => data)).toEqual([
      expect.objectContaining({ numeroInterne, before: before.cerfa.etat, after: etat }),
    ]);
    expect((await read()).body.cerfa.etat).toBe(etat);
  });

  it('reports what it knew and no longer finds as missing, and forgets nothing of it', async () => {
    const cfa = await SyncingCfa.of(product, 'afdas', 12);
    await cfa.ended(await cfa.start());
    await control(product.sandbox, '/_sandbox/reset', { seed: 'after' });
    await control(product.sandbox, '/_sandbox/quotas', { opcoId: 'afdas', limit: 100_000 });
    // The same key at an OPCO that has forgotten its dossiers: a new key is stored, as of the first day.
    const key = 'cfa-key-of-another-day';
    await control(product.sandbox, '/_sandbox/load', { opcoId: 'afdas', apiKey: key, dossiers: 5 });
    await product.ask(cfa.apiKey, 'PUT', '/afdas/credentials', { body: { cle: key } });
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ complete: true, seen: 5, missing: { count: 12 } });
    expect(report?.missing?.numerosInternes).toHaveLength(12);
  });

  it('says beforehand what it costs, and starts nothing', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 120);
    const { status, body } = await cfa.ask('POST', '?estimate=true');
    expect([status, body]).toEqual([
      200,
      { dossiers: 120, calls: 120 + 2, minutes: 0.1, callsPerSecond: 400, basis: 'opco' },
    ]);
    expect(cfa.heard('etats')).toHaveLength(1);
    expect((await cfa.ask('GET', '')).body).toEqual({ data: [], nextCursor: null });
    const other = await SyncingCfa.of(product, 'atlas', 3);
    await other.fault({ kind: 'status', status: 503, route: 'etats', times: 10 });
    expect((await other.ask('POST', '?estimate=true')).body).toEqual({
      ...{ dossiers: null, calls: null, minutes: null, callsPerSecond: 400, basis: 'unknown' },
    });
    expect((await other.ask('POST', '?estimate=oui')).status).toBe(400);
    await control(product.sandbox, '/_sandbox/reset', { seed: 'once more' });
  });

  it('is refused where the OPCO lacks the routes, and where the CFA has no key', async () => {
    const apiKey = await product.newTenant('CFA sans clé');
    await product.ask(apiKey, 'DELETE', '/akto/credentials');
    const without = await product.ask(apiKey, 'POST', '/akto/sync');
    expect([without.status, without.body.code, without.body.detail]).toEqual([
      ...[409, 'CONFLICT'],
      expect.stringContaining('PUT /akto/credentials'),
    ]);
    expect((await product.ask(apiKey, 'POST', '/opco-inconnu/sync')).status).toBe(404);
    const lists = await Promise.all(
      ['akto', 'opco-inconnu'].map((opcoId) => product.ask(apiKey, 'GET', `/${opcoId}/sync`)),
    );
    expect(lists.map(({ status }) => status)).toEqual([200, 404]);
  });

  it('is one at a time per CFA and OPCO: a second request leads to the first', async () => {
    const anna = await SyncingCfa.of(product, 'akto', 60);
    const boris = await SyncingCfa.of(product, 'akto', 10);
    await anna.fault({ kind: 'latency', ms: 20, route: 'dossier' });
    const asked = await Promise.all(Array.from({ length: 6 }, () => anna.ask('POST', '')));
    expect(asked.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 202]);
    expect(new Set(asked.map(({ body }) => body.syncId)).size).toBe(1);
    expect(asked.filter(({ body }) => body.status === 'duplicate')).toHaveLength(5);
    const statusUrl = asked[0]?.body.statusUrl as string;
    expect(asked.every(({ headers }) => headers.get('location') === statusUrl)).toBe(true);
    const other = await boris.start();
    expect(await boris.ended(other)).toMatchObject({ report: { seen: 10, new: 10 } });
    expect(await anna.ended(statusUrl)).toMatchObject({ report: { seen: 60, new: 60 } });
    // No byte of the one in what the other is shown.
    expect((await product.ask(boris.apiKey, 'GET', statusUrl)).status).toBe(404);
    const told = await boris.events('sync.completed');
    expect(told).toHaveLength(1);
    await eventually(
      async () => (await anna.ask('POST', '')).status,
      (status) => status === 202,
    );
  });
});
