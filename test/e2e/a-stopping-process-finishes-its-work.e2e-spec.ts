import pg from 'pg';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

describe('a process that is told to stop', () => {
  let product: Product;
  let key: string;

  beforeAll(async () => {
    product = await startProduct();
    key = await product.newTenant('CFA de la fin');
  });

  afterAll(() => product.stop());

  it('answers what it has begun, finishes the deposit under way, and leaves the others pending', async () => {
    await control(product.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', path: '/v2/dossiers', method: 'POST', kind: 'latency', ms: 1500, times: 1 },
      { opcoId: 'opco-ep', method: 'GET', path: '/v1/status', kind: 'latency', ms: 1000, times: 1 },
    ]);
    const ticket = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 6 }) } });
    await eventually(
      () => product.ask(key, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'processing',
    );
    const reading = product.ask(key, 'GET', '/opco-ep/status');
    await eventually(
      async () => product.sandbox.world.ledger.read({ opcoId: 'opco-ep' }).length,
      (lines) => lines > 0,
    );
    await product.opcovia.stop();
    expect((await reading).status).toBe(200);

    const client = new pg.Client({ connectionString: product.databaseUrl });
    await client.connect();
    await client.query('SET ROLE opcovia_system');
    const { rows } = await client.query('SELECT status, outcome, attempts FROM jobs WHERE id = $1', [
      ticket.body.jobId,
    ]);
    await client.end();
    expect(rows).toEqual([{ status: 'completed', outcome: 'applied', attempts: 1 }]);
    expect(product.sandbox.world.ledger.read({ opcoId: 'akto', committed: true })).toHaveLength(1);
  });
});
