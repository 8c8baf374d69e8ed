import { OwnProduct, type Running } from '../support/own-product.js';
import { ask, control, eventually } from '../support/product.js';

const dossiers = 240;
const batch = 20;
const parallel = 5;

describe('a bulk synchronisation whose process is killed', () => {
  let product: OwnProduct;

  beforeAll(async () => {
    product = await OwnProduct.of('sync-kill', {
      OPCOVIA_POLL_INTERVAL_SECONDS: '3600',
      OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ akto: { callsPerSecond: 400, burst: 100 } }),
      OPCOVIA_SYNC_BATCH: String(batch),
      OPCOVIA_SYNC_PARALLEL_READS: String(parallel),
      OPCOVIA_SYNC_LEASE_SECONDS: '2',
    });
  });
  afterAll(() => product.stop());

  const heard = (after = 0) => product.sandbox.world.ledger.read({ opcoId: 'akto', route: 'dossier', after });
  const view = async ({ url, apiKey }: Running, statusUrl: string) =>
    (await ask(`${url}${statusUrl}`, { method: 'GET', apiKey })).body;

  const eventsOf = ({ url, apiKey }: Running) =>
    ask(`${url}/events?types=sync.started,sync.batch,sync.completed&limit=200`, { method: 'GET', apiKey });

  it('is taken over within seconds by another process, which reads no finished batch again', async () => {
    const first = await product.start();
    // Beside the few that the demonstration CFA has already.
    await control(product.sandbox, '/_sandbox/load', { opcoId: 'akto', dossiers });
    await control(product.sandbox, '/_sandbox/quotas', { opcoId: 'akto', limit: 100_000 });
    await control(product.sandbox, '/_sandbox/faults', { opcoId: 'akto', route: 'dossier', kind: 'latency', ms: 25 });
    const second = await product.start();
    const before = product.sandbox.world.ledger.last;
    const { body } = await ask(`${first.url}/akto/sync`, { method: 'POST', apiKey: first.apiKey });
    const { statusUrl } = body;
    // Both share the work: whoever has begun it is the one to be killed.
    await eventually(
      () => view(second, statusUrl),
      ({ progress }) => progress.batches >= 4,
    );
    const holder = await holderOf([first, second]);
    const other = holder === first ? second : first;
    holder.process.child.kill('SIGKILL');
    await holder.process.ended;
    const killedAt = Date.now();
    const atKill = await view(other, statusUrl);
    expect(atKill.status).toBe('running');
    // Whatever lay in the sockets of the dead is heard before this answer.
    await ask(`${product.sandbox.url}/_sandbox/clock`, { method: 'GET' });
    const after = product.sandbox.world.ledger.last;
    await eventually(async () => heard(after).length, Boolean, 10_000);
    expect(Date.now() - killedAt).toBeLessThan(10_000);

    const ended = await eventually(
      () => view(other, statusUrl),
      ({ status }) => status === 'completed',
      60_000,
    );
    const { seen } = ended.report;
    expect(seen).toBeGreaterThanOrEqual(dossiers);
    expect(ended).toMatchObject({ progress: { done: seen, total: seen }, report: { failed: { count: 0 } } });
    expect(ended.report.new + ended.report.unchanged + ended.report.changed).toBe(seen);
    // One batch read anew would be twenty more; what lay in the sockets of the dead may have been heard late.
    const readAgain = heard(after).length - (seen - atKill.progress.done);
    expect(readAgain).toBeGreaterThanOrEqual(0);
    expect(readAgain).toBeLessThanOrEqual(parallel);
    // In all: each once, and twice only what had been read or was being read for the two batches that never were committed.
    expect(heard(before).length - seen).toBeLessThanOrEqual(2 * batch + parallel);
    // Numbers are given by one process at a time: the lease of the dead one has to run out.
    const told = await eventually(
      async () => (await eventsOf(other)).body.data as { event: string; data: { batch?: number } }[],
      (events) => events.some(({ event }) => event === 'sync.completed'),
    );
    const batches = told.flatMap(({ data }) => data.batch ?? []);
    expect(batches).toEqual(Array.from({ length: ended.progress.batches }, (_, index) => index + 1));
    expect(told.filter(({ event }) => event !== 'sync.batch').map(({ event }) => event)).toEqual([
      'sync.started',
      'sync.completed',
    ]);
  });
});

/** The process that reads: metrics of the other one count no dossier. */
async function holderOf(ships: readonly [Running, Running]): Promise<Running> {
  const counts = await Promise.all(
    ships.map(async ({ process }) => {
      const [, staff = ''] = /(http:\S+)\/metrics/.exec(process.printed()) ?? [];
      const { text } = await ask(`${staff}/metrics`, { method: 'GET' });
      return [...text.matchAll(/^opcovia_sync_dossiers_total\{.*\} (\d+)/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    }),
  );
  expect(counts.filter((count) => count > 0)).toHaveLength(1);
  return (counts[0] ?? 0) > 0 ? ships[0] : ships[1];
}
