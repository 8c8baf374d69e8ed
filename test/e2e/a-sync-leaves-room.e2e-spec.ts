import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { SyncingCfa } from '../support/a-sync.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

const callsPerSecond = 20;
const deposits = 20;

describe('while a bulk synchronisation uses up what an OPCO allows', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_ROLES: 'api,worker,hub',
      OPCOVIA_UPSTREAM_LIMITS: JSON.stringify({ akto: { callsPerSecond, burst: 2 * callsPerSecond } }),
      OPCOVIA_SYNC_BATCH: '10',
    });
    await control(product.sandbox, '/_sandbox/quotas', { opcoId: 'akto', limit: 100_000 });
  });

  afterAll(() => product.stop());

  it('deposits of another CFA are through within two seconds, reads too, and the synchronisation goes on', async () => {
    const cfa = await SyncingCfa.of(product, 'akto', 2000);
    const boris = await product.newTenant('CFA pressé');
    const statusUrl = await cfa.start();
    // Until the reserve of a quiet day is gone, the budget is no limit.
    await cfa.until(statusUrl, ({ progress }) => progress.done >= 60);
    const { progress: before } = await cfa.view(statusUrl);
    const [waits, reads, begun]: [number[], number[], number] = [[], [], performance.now()];
    for (let rank = 1; rank <= deposits; rank++) {
      const { body: ticket } = await product.ask(boris, 'POST', '/akto/dossiers', {
        body: { cerfa: exampleCerfa({ rank }) },
      });
      const { body: job } = await eventually(
        () => product.ask(boris, 'GET', ticket.statusUrl),
        ({ body }) => !['pending', 'processing'].includes(body.status),
      );
      expect(job).toMatchObject({ status: 'completed', outcome: 'applied' });
      waits.push(Date.parse(job.completedAt) - Date.parse(job.createdAt));
      const asked = performance.now();
      const read = await product.ask(boris, 'GET', `/akto/dossiers/${job.result.numeroInterne}`);
      expect(read.status).toBe(200);
      reads.push(performance.now() - asked);
    }
    const seconds = (performance.now() - begun) / 1000;
    const { progress: after, status } = await cfa.view(statusUrl);
    expect(status).toBe('running');
    const p95 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95) - 1];
    expect(p95(waits)).toBeLessThan(2000);
    expect(p95(reads)).toBeLessThan(2000);
    expect((after.done - before.done) / (seconds * callsPerSecond)).toBeGreaterThan(0.1);
    await product.ask(cfa.apiKey, 'POST', `${statusUrl}/cancel`);
  });
});
