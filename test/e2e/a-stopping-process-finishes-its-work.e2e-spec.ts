import { once } from 'node:events';
import { Agent, get } from 'node:http';
import pg from 'pg';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';
import { open } from '../support/raw-http.js';

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
      // Before its intent is written a stopping process would leave it to another one.
      ({ body }) => body.timeline.some(({ code }: { code: string }) => code === 'sending'),
    );
    const arrived = once(product.opcovia.api.getHttpServer(), 'request');
    const reading = product.ask(key, 'GET', '/opco-ep/status');
    await arrived;
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

describe('a process that is told to stop while a client keeps its connection', () => {
  it('answers, says that the connection ends, and is gone within five seconds', async () => {
    const product = await startProduct();
    const silent = open(product.opcovia.apiUrl ?? '').on('error', () => undefined);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const key = await product.newTenant('CFA qui reste');
      const latency = { opcoId: 'opco-ep', method: 'GET', path: '/v1/status', kind: 'latency', ms: 3000, times: 1 };
      await control(product.sandbox, '/_sandbox/faults', [latency]);
      const arrived = once(product.opcovia.api.getHttpServer(), 'request');
      let answered = false;
      const answer = new Promise<{ connection: string | undefined; text: string }>((resolve, reject) => {
        get(`${product.opcovia.apiUrl}/opco-ep/status`, { agent, headers: { 'x-api-key': key } }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
          response.on('end', () => {
            answered = true;
            resolve({ connection: response.headers.connection, text });
          });
        }).on('error', reject);
      });
      await arrived;
      expect(answered).toBe(false);
      const begun = performance.now();
      await product.opcovia.stop();
      // The silent connection would have held it for most of the 30 seconds of the drain.
      expect(performance.now() - begun).toBeLessThan(15_000);
      const { connection, text } = await answer;
      expect([connection, JSON.parse(text).status]).toEqual(['close', 'healthy']);
    } finally {
      agent.destroy();
      silent.destroy();
      await product.stop();
    }
  });
});
