import { randomUUID } from 'node:crypto';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { comparable } from '../support/comparable.js';
import { eventually, startProduct, type Product } from '../support/product.js';
import { routeTable, type ServedRoute } from '../support/route-table.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** Whose ids stand in a path, by the beginning of its pattern: a route with another kind of id must be added here. */
type Owned = Readonly<
  Record<
    | '/:opcoId/jobs/:jobId'
    | '/:opcoId/sync/:syncId'
    | '/:opcoId/dossiers/:numeroInterne'
    | '/webhooks/:id'
    | '/me/keys/:id',
    string
  >
>;

/** What a route wants in its body before it looks for the object. */
const bodies: Readonly<Record<string, unknown>> = {
  'PATCH /webhooks/:id': { status: 'paused' },
  'POST /webhooks/:id/recover': { since: '2026-01-01T00:00:00.000Z' },
  'POST /:opcoId/jobs/:jobId/resolve': { outcome: 'applied' },
};

describe('an id of another tenant', () => {
  const receiver = new WebhookReceiver();
  let product: Product;
  let anna: string;
  let boris: string;
  let secondKey: string;
  let owned: Owned;
  let routes: readonly ServedRoute[] = [];

  beforeAll(async () => {
    const port = await receiver.listen();
    product = await startProduct({ OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` });
    [anna, boris] = [await product.newTenant('CFA Anna'), await product.newTenant('CFA Boris')];
    const draft = { url: `http://127.0.0.1:${port}/anna`, events: ['job.completed'] };
    const webhook = await product.ask(anna, 'POST', '/webhooks', { body: draft });
    const ticket = await product.ask(anna, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa() } });
    const second = await product.ask(anna, 'POST', '/me/keys', { body: { label: 'seconde' } });
    expect([webhook.status, ticket.status, second.status]).toEqual([201, 202, 201]);
    const job = await eventually(
      () => product.ask(anna, 'GET', ticket.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
    await eventually(
      () => product.ask(anna, 'GET', `/akto/dossiers/${job.body.result.numeroInterne}/historique`),
      ({ status }) => status === 200,
    );
    await receiver.until(1, '/anna');
    await eventually(
      () => product.ask(anna, 'GET', `/webhooks/${webhook.body.id}/deliveries`),
      ({ body }) => body.data[0]?.status === 'delivered',
    );
    const sync = await product.ask(anna, 'POST', '/akto/sync');
    await eventually(
      () => product.ask(anna, 'GET', sync.body.statusUrl),
      ({ body }) => body.status === 'completed',
    );
    owned = {
      '/:opcoId/jobs/:jobId': ticket.body.jobId,
      '/:opcoId/sync/:syncId': sync.body.syncId,
      '/:opcoId/dossiers/:numeroInterne': job.body.result.numeroInterne,
      '/webhooks/:id': webhook.body.id,
      '/me/keys/:id': second.body.id,
    };
    secondKey = second.body.key;
    routes = routeTable(product.opcovia.api).filter(({ path }) => /:(?!opcoId)/.test(path));
  });

  afterAll(async () => {
    await product.stop();
    await receiver.close();
  });

  /** As many characters as the id that it stands for, so that lengths can be compared as well. */
  const never = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? randomUUID() : id.replace(/\d(?=\d{0,5}$)/g, '9'));

  /** The path of a route with an id of Anna, and the same with an id that nobody has. */
  function both(pattern: string, opcoId: string): [foreign: string, unknown: string] {
    const [known, id] = Object.entries(owned).find(([beginning]) => pattern.startsWith(beginning)) ?? [];
    if (known === undefined || id === undefined) throw new Error(`say in this test whose id stands in ${pattern}`);
    const path = (with_: string) => pattern.replace(/:(?!opcoId)\w+/, with_).replace(':opcoId', opcoId);
    return [path(id), path(never(id))];
  }

  async function expectNoDifference(key: string, route: ServedRoute, opcoId: string): Promise<void> {
    const named = `${route.method} ${route.path}`;
    const body = bodies[named];
    const options = body === undefined ? {} : { body };
    const [foreign, unknown] = both(route.path, opcoId);
    const first = await product.ask(key, route.method, foreign, options);
    const second = await product.ask(key, route.method, unknown, options);
    expect([named, opcoId, first.status]).toEqual([named, opcoId, 404]);
    expect(comparable(first)).toBe(comparable(second));
    // Once more, now that what can be remembered is remembered.
    expect(comparable(await product.ask(key, route.method, foreign, options))).toBe(comparable(second));
  }

  const seenByAnna = async () => {
    const seen: string[] = [];
    const look = async (path: string) => {
      const { status, text } = await product.ask(anna, 'GET', path);
      expect([path, status]).toEqual([path, 200]);
      seen.push(text);
    };
    for (const [pattern, id] of Object.entries(owned)) {
      if (pattern === '/me/keys/:id') continue;
      await look(pattern.replace(/:(?!opcoId)\w+/, id).replace(':opcoId', 'akto'));
    }
    for (const path of [
      `/webhooks/${owned['/webhooks/:id']}/deliveries`,
      '/akto/jobs',
      '/akto/sync',
      '/webhooks',
      '/akto/credentials',
    ])
      await look(path);
    // A key shows that it is unchanged by opening the door.
    seen.push(String((await product.ask(secondKey, 'GET', '/akto/jobs')).status));
    return seen;
  };

  it('answers on every route of the running application as an id that nobody has, and changes nothing', async () => {
    const before = await seenByAnna();
    expect(routes.length).toBeGreaterThan(10);
    for (const route of routes) {
      for (const opcoId of ['akto', 'opco-ep']) {
        await expectNoDifference(boris, route, opcoId);
        if (!route.path.includes(':opcoId')) break;
      }
    }
    expect(await seenByAnna()).toEqual(before);
  });

  it('is unknown to its own tenant too, under another OPCO', async () => {
    for (const route of routes.filter(({ path }) => path.includes(':opcoId'))) {
      await expectNoDifference(anna, route, 'opco-ep');
    }
  });

  it('opens nothing as a query, as a cursor or as the number of an event', async () => {
    const events = await product.ask(anna, 'GET', '/events?limit=1');
    await product.ask(anna, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa({ rank: 1 }) } });
    const jobs = await product.ask(anna, 'GET', '/akto/jobs?limit=1');
    const second = { url: 'https://cfa.example.org/second', events: ['job.failed'] };
    await product.ask(anna, 'POST', '/webhooks', { body: second });
    const webhooks = await product.ask(anna, 'GET', '/webhooks?limit=1');
    expect(jobs.body.nextCursor && webhooks.body.nextCursor && events.body.data[0].sequence).toBeTruthy();
    const numero = owned['/:opcoId/dossiers/:numeroInterne'];
    const asked = [
      `/akto/dossiers?numeroInterne=${numero}`,
      `/akto/jobs?cursor=${encodeURIComponent(jobs.body.nextCursor)}`,
      `/akto/sync?cursor=${encodeURIComponent(jobs.body.nextCursor)}`,
      `/webhooks?cursor=${encodeURIComponent(webhooks.body.nextCursor)}`,
      `/events?after=${events.body.data[0].sequence}`,
      '/events?after=0',
      '/akto/dossiers/etats',
    ];
    for (const path of asked) {
      const { status, text, body } = await product.ask(boris, 'GET', path);
      expect([path, status === 200 ? body.data : status]).toEqual([path, status === 200 ? [] : expect.any(Number)]);
      for (const id of Object.values(owned)) expect(text.replaceAll(path, '')).not.toContain(id);
    }
  });
});
