import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { startOwnRedis, type OwnRedis } from '../support/own-redis.js';
import { ask, eventually, startProduct, type Product } from '../support/product.js';

describe('a queue Redis in trouble', () => {
  let redis: OwnRedis;
  let product: Product;

  beforeAll(async () => {
    redis = await startOwnRedis();
    product = await startProduct({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await product.stop();
    await redis.stop();
  });

  const ready = () => ask(`${product.opcovia.staffUrl}/health/ready`, { method: 'GET' });

  it('takes no memory from deposits: each is 202 or 503 while it is full, and every 202 is completed once afterwards', async () => {
    const key = await product.newTenant('CFA plein');
    await redis.config('maxmemory', '3mb');
    await redis.fill();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, rank) =>
        product.ask(key, 'POST', '/opco-ep/dossiers', { body: { cerfa: exampleCerfa({ rank }) } }),
      ),
    );
    expect(answers.filter(({ status }) => status !== 202 && status !== 503)).toEqual([]);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    await redis.config('maxmemory', '0');
    const { body } = await eventually(
      () => product.ask(key, 'GET', '/opco-ep/jobs?status=completed&limit=200'),
      ({ body: { data } }) => data.length === accepted.length,
      50_000,
    );
    const done = body.data.map(({ jobId }: { jobId: string }) => jobId).sort();
    expect(done).toEqual(accepted.map((answer) => answer.body.jobId).sort());
  });

  it('that may evict makes the process not ready within seconds, with the reason, until it may no longer', async () => {
    const status = (wanted: number) => eventually(ready, (answer) => answer.status === wanted, 10_000);
    await status(200);
    await redis.config('maxmemory-policy', 'allkeys-lru');
    expect((await status(503)).text).toContain('maxmemory-policy is not noeviction');
    await redis.config('maxmemory-policy', 'noeviction');
    await status(200);
  });
});
