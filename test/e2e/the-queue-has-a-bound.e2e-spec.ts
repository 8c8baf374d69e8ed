import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startProduct, type Product } from '../support/product.js';

describe('the queue has a bound', () => {
  let product: Product;

  beforeAll(async () => {
    // Nobody works: what is accepted waits.
    product = await startProduct({ OPCOVIA_ROLES: 'api', OPCOVIA_BACKLOG_PER_TENANT: '2' });
  });
  afterAll(() => product.stop());

  it('beyond which a deposit is 503 OVERLOADED with a wait, at once, while repeats, dry runs and reads are answered', async () => {
    const key = await product.newTenant('CFA débordé');
    const deposit = (rank: number, idempotencyKey: string, query = '') =>
      product.ask(key, 'POST', `/opco-ep/dossiers${query}`, {
        body: { cerfa: exampleCerfa({ rank }) },
        headers: { 'idempotency-key': idempotencyKey },
      });
    const accepted = [await deposit(1, 'k-1'), await deposit(2, 'k-2')];
    expect(accepted.map(({ status }) => status)).toEqual([202, 202]);

    const refused = await deposit(3, 'k-3');
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'OVERLOADED' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);

    expect(await deposit(1, 'k-1')).toMatchObject({ status: 200, body: { status: 'duplicate' } });
    expect((await deposit(4, 'k-1')).status).toBe(422);
    expect((await deposit(3, 'k-3', '?dryRun=true')).status).toBe(200);
    expect((await product.ask(key, 'GET', '/opco-ep/jobs')).body.data).toHaveLength(2);
    expect((await product.ask(await product.newTenant('CFA voisin'), 'GET', '/me')).status).toBe(200);
  });
});
