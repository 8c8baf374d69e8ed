import { createHash } from 'node:crypto';
import { CagedTenant } from '../support/caged-tenant.js';
import { hunt, redisGrounds } from '../support/canaries.js';
import { ask, eventually, startProduct, type Asked, type Product } from '../support/product.js';

const numeros = ['800001', '800002', '800003'];

describe('three processes of the product on one PostgreSQL and one Redis', () => {
  let product: Product;
  let urls: readonly string[] = [];
  let anna: CagedTenant;
  let boris: CagedTenant;

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_POLL_INTERVAL_SECONDS: '60',
      OPCOVIA_UPSTREAM_LIMITS: '{"akto":{"callsPerSecond":1000,"burst":1000}}',
    });
    [anna, boris] = [await CagedTenant.enter(product, 'anna', 500), await CagedTenant.enter(product, 'boris', 501)];
    for (const tenant of [anna, boris]) tenant.hold('akto', numeros);
    // Only now: a process may go on using a key at the OPCO for ten seconds after another one has replaced it.
    const others = [await product.beside(), await product.beside()];
    urls = [product.opcovia, ...others].map(({ apiUrl }) => apiUrl ?? '');
  });

  afterAll(() => product.stop());

  const askAt = (instance: number, { key }: CagedTenant, path: string) =>
    ask(`${urls[instance % urls.length]}${path}`, { method: 'GET', apiKey: key });
  const stranger = (tenant: CagedTenant) => (tenant === anna ? boris : anna);
  /** How often the OPCO was asked for a dossier with the tenant's key; three of them by the poller, for its first look. */
  const callsOf = (tenant: CagedTenant) => {
    const cfa = createHash('sha256').update(tenant.value('cleOpco')).digest('hex').slice(0, 12);
    const lines = product.sandbox.world.ledger.read({ opcoId: 'akto' });
    return lines.filter((line) => line.cfa === cfa && line.method === 'GET' && line.path === '/akto/v2/dossiers')
      .length;
  };

  it('give each tenant its own dossiers, though both ask for the same numbers at once from cold, and again from warm', async () => {
    for (const temperature of ['cold', 'warm']) {
      const asked = Array.from({ length: 300 }, (_, i) => ({ tenant: i % 2 ? anna : boris, at: Math.floor(i / 2), i }));
      const answers = await Promise.all(
        asked.map(async ({ tenant, at, i }) => {
          const numero = numeros[Math.floor(i / 6) % numeros.length];
          const spelling = i % 4 < 2 ? `/akto/dossiers/${numero}` : `/akto/dossiers?numeroInterne=${numero}`;
          return { tenant, answer: await askAt(at, tenant, spelling) };
        }),
      );
      const content = ({ headers, text }: Asked) => `${[...headers].join('\n')}\n${text}`;
      for (const { tenant, answer } of answers) {
        expect([temperature, answer.status]).toEqual([temperature, 200]);
        expect(answer.text).toContain(tenant.value('nom'));
        expect(hunt(stranger(tenant).canaries, [{ where: temperature, content: content(answer) }])).toEqual([]);
      }
      for (const tenant of [anna, boris]) {
        expect(callsOf(tenant)).toBeGreaterThanOrEqual(numeros.length);
        // Each process asks at most once for each number, however many wait for it.
        expect(callsOf(tenant)).toBeLessThanOrEqual(numeros.length * (urls.length + 1));
      }
    }
  });

  it('find in the shared Redis what another process of theirs kept, each under its own tenant, sealed', async () => {
    const before = callsOf(anna);
    expect(before).toBeGreaterThan(0);
    for (const numero of numeros) {
      for (const [instance] of urls.entries()) {
        const { headers } = await askAt(instance, anna, `/akto/dossiers/${numero}`);
        expect(headers.get('cache-status')).toContain('hit');
      }
    }
    expect(callsOf(anna)).toBe(before);
    expect(hunt({ ...anna.canaries }, await redisGrounds(product.redisUrl))).toEqual([]);
  });

  it('take a deposit sent to all three once for each tenant, under one and the same Idempotency-Key', async () => {
    const send = (instance: number, tenant: CagedTenant) =>
      ask(`${urls[instance]}/akto/dossiers`, {
        method: 'POST',
        apiKey: tenant.key,
        body: { cerfa: anna.cerfa(9) },
        headers: { 'idempotency-key': 'one-for-all' },
      });
    const sent = [0, 1, 2].flatMap((instance) => [anna, boris].map((tenant) => ({ instance, tenant })));
    const tickets = await Promise.all(
      sent.map(async ({ instance, tenant }) => ({ tenant, answer: await send(instance, tenant) })),
    );
    const jobs = [anna, boris].map((tenant) => {
      const own = tickets.filter((each) => each.tenant === tenant).map(({ answer }) => answer);
      expect(own.map(({ status }) => status).sort()).toEqual([200, 200, 202]);
      expect(new Set(own.map(({ body }) => body.jobId)).size).toBe(1);
      return { tenant, path: `/akto/jobs/${own[0]?.body.jobId}` };
    });
    expect(jobs[0]?.path).not.toBe(jobs[1]?.path);
    for (const { tenant, path } of jobs) {
      for (const [instance] of urls.entries()) {
        await eventually(
          () => askAt(instance, tenant, path),
          ({ body }) => body.status === 'completed',
        );
        expect((await askAt(instance, stranger(tenant), path)).status).toBe(404);
      }
    }
    expect(product.sandbox.world.ledger.read({ committed: true })).toHaveLength(2);
  });
});
