import { control, eventually, startProduct, type Product } from '../support/product.js';
import '../allow-four-minutes.js';

describe('a version on trial, once the operator enables it', () => {
  let product: Product;
  let key: string;

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_ENABLED_CAPABILITIES: 'opco-ep:etats-v2',
    });
    key = await product.newTenant('CFA à l’essai');
    await control(product.sandbox, '/_sandbox/capabilities', { opcoId: 'opco-ep', capability: 'v2' });
    await control(product.sandbox, '/_sandbox/quotas', { opcoId: 'opco-ep', limit: 100_000 });
    const cfa = [...product.sandbox.world.cfas()].filter(({ dialect }) => dialect.id === 'opco-ep').at(-1)?.fingerprint;
    await control(product.sandbox, '/_sandbox/load', { opcoId: 'opco-ep', dossiers: 250, cfa });
  });
  afterAll(() => product.stop());

  const asked = () => product.sandbox.world.ledger.read({ opcoId: 'opco-ep', route: 'etats' }).map(({ path }) => path);

  it('is what the states are read by, for our own pages and for the poller', async () => {
    const { status, body } = await product.ask(key, 'GET', '/opco-ep/dossiers/etats?page=3&limit=100');
    expect([status, body.total, body.data.length]).toEqual([200, 250, 50]);
    // Ours takes the first page and the third; the poller, asked for a whole array, would not have come to ask at all.
    const paths = await eventually(
      () => Promise.resolve(asked()),
      (all) => all.length >= 2 + 1,
    );
    expect(new Set(paths)).toEqual(new Set(['/opco-ep/v2/dossiers/etats']));
  });

  it('stands in the capabilities as enabled', async () => {
    const { body } = await product.ask(key, 'GET', '/opco-ep/capabilities');
    expect(body.capabilities).toContainEqual(
      expect.objectContaining({ endpoint: 'etats', norm: 'v2', state: 'test', enabled: true }),
    );
  });
});
