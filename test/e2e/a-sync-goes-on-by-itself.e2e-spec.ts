import { SyncingCfa } from '../support/a-sync.js';
import { control, startProduct, type Product } from '../support/product.js';

const opcos = ['akto', 'opco-ep', 'afdas', 'atlas'];
const limits = JSON.stringify(Object.fromEntries(opcos.map((id) => [id, { callsPerSecond: 400, burst: 100 }])));

describe('a bulk synchronisation on a bad day', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_ROLES: 'api,worker,hub',
      OPCOVIA_UPSTREAM_LIMITS: limits,
      OPCOVIA_SYNC_BATCH: '20',
      OPCOVIA_SYNC_BACKOFF_MS: '50',
      OPCOVIA_SYNC_ATTEMPTS: '3',
    });
  });

  beforeEach(async () => {
    await fetch(`${product.sandbox.url}/_sandbox/faults`, { method: 'DELETE' });
    for (const opcoId of opcos) await control(product.sandbox, '/_sandbox/quotas', { opcoId, limit: 100_000 });
  });

  afterAll(() => product.stop());

  it.each([
    ['comes wrapped in an array of one', ['wrapped-page', 'wrapped-page', 'wrapped-page']],
    ['repeats a page', ['ok', 'repeated-page']],
    ['is shorter than it says', ['short-page(40)']],
    ['moves while it is read', ['ok', 'moving-pages(-3)', 'moving-pages(-3)']],
    ['fails now and then', ['ok', 'status(503)', 'truncate', 'reset-before-read', 'status(500)']],
  ])('finds every dossier of a list that %s', async (_, script) => {
    const cfa = await SyncingCfa.of(product, 'akto', 230);
    await cfa.fault({ route: 'etats', script });
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ complete: true, seen: 230, new: 230, failed: { count: 0 } });
    expect(cfa.heard('dossier')).toHaveLength(230);
  });

  it('makes do with a list that never becomes whole, says so, and takes nobody for missing', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 130);
    await cfa.ended(await cfa.start());
    await cfa.fault({ route: 'etats', kind: 'repeated-page' });
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ complete: false, seen: 100, unchanged: 100, missing: null });
  });

  it('waits as long as a 429 says, and reads everything all the same', async () => {
    const cfa = await SyncingCfa.of(product, 'afdas', 40);
    await cfa.fault({ route: 'dossier', script: ['ok', 'ok', 'ok', '429(2)'] });
    const { report } = await cfa.ended(await cfa.start());
    expect(report).toMatchObject({ seen: 40, new: 40, failed: { count: 0 } });
    const reads = cfa.heard('dossier');
    const told = reads.findIndex(({ status }) => status === 429);
    const at = (line: { time: string } | undefined) => Date.parse(line?.time ?? '');
    // What was under way is under way; the next call comes after the wait.
    const later = reads.slice(told + 1).filter((line) => at(line) - at(reads[told]) > 300);
    expect(at(later[0]) - at(reads[told])).toBeGreaterThanOrEqual(1900);
    expect(reads).toHaveLength(41);
  });

  it('stands out an outage, blames no dossier for it, and goes on where it was', async () => {
    const cfa = await SyncingCfa.of(product, 'atlas', 120);
    await cfa.fault({ kind: 'latency', ms: 20, route: 'dossier', times: 60 });
    const statusUrl = await cfa.start();
    await cfa.until(statusUrl, ({ progress }) => progress.batches >= 1);
    await cfa.fault({ kind: 'outage', forMs: 3000 });
    const waiting = await cfa.until(statusUrl, (view) => view.waiting !== undefined);
    expect(waiting).toMatchObject({
      status: 'running',
      waiting: { reason: 'opco' },
      progress: { rate: null, eta: null },
    });
    const { report } = await cfa.ended(statusUrl);
    expect(report).toMatchObject({ seen: 120, new: 120, failed: { count: 0, dossiers: [] } });
    expect(cfa.heard('dossier').filter(({ status }) => status === 200)).toHaveLength(120);
  });

  it('gives up single dossiers after their tries, with the reason, and reads the others', async () => {
    const cfa = await SyncingCfa.of(product, 'opco-ep', 25);
    const [lost = ''] = cfa.numeros;
    // On the list, and yet unknown.
    product.sandbox.world.cfa('opco-ep', cfa.cfaKey)?.dossiers.delete(lost);
    const { status, report } = await cfa.ended(await cfa.start());
    expect(status).toBe('completed');
    expect(report).toMatchObject({ seen: 25, new: 24 });
    expect(report?.failed).toEqual({
      count: 1,
      dossiers: [{ numeroInterne: lost, code: 'NOT_FOUND', reason: 'Ressource introuvable', attempts: 3 }],
    });
    expect(cfa.heard('dossier')).toHaveLength(24 + 3);
  });

  it('fails with a clear reason when the key is refused, and goes on from the last batch once there is another', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 100);
    await cfa.fault({ kind: 'latency', ms: 15, route: 'dossier' });
    const statusUrl = await cfa.start();
    await cfa.until(statusUrl, ({ progress }) => progress.batches >= 2);
    await product.ask(cfa.apiKey, 'PUT', '/akto/credentials', { body: { cle: 'une-cle-inconnue' } });
    const failed = await cfa.ended(statusUrl);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'UPSTREAM_AUTH' }, report: null });
    expect(failed.error?.detail).toContain('PUT /akto/credentials');
    expect((await cfa.events('sync.failed'))[0]?.data).toMatchObject({ code: 'UPSTREAM_AUTH', total: 100 });
    await product.ask(cfa.apiKey, 'PUT', '/akto/credentials', { body: { cle: cfa.cfaKey } });
    const after = product.sandbox.world.ledger.last;
    expect((await product.ask(cfa.apiKey, 'POST', `${statusUrl}/resume`)).body.status).toBe('running');
    const { report } = await cfa.ended(statusUrl);
    expect(report).toMatchObject({ seen: 100, new: 100, failed: { count: 0 } });
    expect(cfa.heard('dossier', after)).toHaveLength(100 - failed.progress.done);
  });

  it('is paused, resumed and cancelled by its owner; what its state does not allow is a conflict that says why', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 120);
    await cfa.fault({ kind: 'latency', ms: 20, route: 'dossier' });
    const statusUrl = await cfa.start();
    const change = (word: string) => product.ask(cfa.apiKey, 'POST', `${statusUrl}/${word}`);
    await cfa.until(statusUrl, ({ progress }) => progress.batches >= 1);
    expect((await change('resume')).body.detail).toContain('celle-ci est en cours');
    expect((await change('pause')).body).toMatchObject({ status: 'paused', progress: { rate: null, eta: null } });
    expect((await change('pause')).status).toBe(409);
    expect((await cfa.ask('POST', '')).body.status).toBe('duplicate');
    expect((await change('resume')).body.status).toBe('running');
    await cfa.until(statusUrl, ({ progress }) => progress.batches >= 3);
    expect((await change('cancel')).body).toMatchObject({ status: 'cancelled', report: null });
    const ended = await cfa.view(statusUrl);
    expect(ended.progress.done).toBeLessThan(120);
    expect((await Promise.all(['pause', 'resume', 'cancel'].map(change))).map(({ status }) => status)).toEqual([
      409, 409, 409,
    ]);
    expect(await cfa.ended(await cfa.start())).toMatchObject({
      report: { seen: 120, unchanged: ended.progress.done, new: 120 - ended.progress.done },
    });
    const { body } = await cfa.ask('GET', '?limit=1');
    expect(body.data).toHaveLength(1);
    const rest = await cfa.ask('GET', `?limit=1&cursor=${encodeURIComponent(body.nextCursor)}`);
    expect([rest.body.data[0].status, rest.body.nextCursor]).toEqual(['cancelled', null]);
  });
});
