import { eventually, startProduct, type Product } from '../support/product.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const second = 1 / 3600;

describe('a receiver that never comes back', () => {
  const receiver = new WebhookReceiver();
  let product: Product;
  let key: string;
  let base: string;

  beforeAll(async () => {
    const port = await receiver.listen();
    base = `http://127.0.0.1:${port}`;
    product = await startProduct({
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}`,
      OPCOVIA_WEBHOOK_SCHEDULE_MS: '0,50,50,50,100,100',
      OPCOVIA_WEBHOOK_PROBE_MS: '50',
      OPCOVIA_WEBHOOK_PROBE_MAX_MS: '100',
      OPCOVIA_WEBHOOK_DISABLE_SPREAD_HOURS: String(0.5 * second),
      OPCOVIA_WEBHOOK_DISABLE_DAYS: String(second / 24),
      OPCOVIA_WEBHOOK_MAX_PER_SECOND: '500',
    });
    key = await product.newTenant('CFA perdu');
  });
  afterAll(async () => {
    await product.stop();
    await receiver.close();
  });

  const ask = (method: string, path: string, body?: unknown) =>
    product.ask(key, method, path, body === undefined ? {} : { body });

  it('is disabled with its reason, told to the others and in the feed, and taken back by a PATCH', async () => {
    const { body: lost } = await ask('POST', '/webhooks', { url: `${base}/lost`, events: ['job.failed'] });
    const { body: other } = await ask('POST', '/webhooks', { url: `${base}/other`, events: ['webhook.disabled'] });
    receiver.answer = ({ path }) => (path === '/lost' ? 500 : 200);
    const { body: view } = await eventually(
      async () => {
        await ask('POST', `/webhooks/${lost.id}/test`);
        return ask('GET', `/webhooks/${lost.id}`);
      },
      ({ body }) => body.status === 'disabled',
    );
    expect(view).toMatchObject({ disabledReason: 'failing', health: { failingSince: expect.any(String) } });
    const [told] = await receiver.until(1, '/other');
    expect(JSON.parse(told?.body ?? '')).toMatchObject({
      event: 'webhook.disabled',
      data: { webhookId: lost.id, reason: 'failing' },
    });
    const { body: feed } = await ask('GET', '/events?types=webhook.disabled');
    expect(feed.data).toHaveLength(1);
    expect((await ask('POST', `/webhooks/${lost.id}/test`)).status).toBe(409);
    const { body: owed } = await ask('GET', `/webhooks/${lost.id}/deliveries?status=pending`);
    expect(owed.data).toEqual([]);
    const metrics = await (await fetch(`${product.opcovia.staffUrl}/metrics`)).text();
    expect(metrics).toMatch(/^opcovia_webhooks\{kind="webhook",name="disabled"\} 1$/m);
    expect(metrics).toMatch(/^opcovia_webhooks\{kind="webhook",name="oldest_owed_seconds"\} /m);
    expect(metrics).toMatch(/^opcovia_webhooks\{kind="webhook",name="dead_letters"\} /m);
    expect(metrics).toMatch(/^opcovia_webhook_deliveries_total\{result="delivered"\} [1-9]/m);
    receiver.answer = () => 200;
    const back = await ask('PATCH', `/webhooks/${lost.id}`, { status: 'active' });
    expect(back.body).toMatchObject({ status: 'active', disabledReason: null, health: { consecutiveFailures: 0 } });
    const before = receiver.at('/lost').length;
    await ask('POST', `/webhooks/${lost.id}/test`);
    await receiver.until(before + 1, '/lost');
    expect((await ask('DELETE', `/webhooks/${other.id}`)).status).toBe(204);
  });

  it('is never taken for one where the subscription is wrong: each fault is told, and nothing is dialled', async () => {
    const good = { url: `${base}/good`, events: ['job.failed'] };
    const faults: [object, string][] = [
      [{ ...good, events: [] }, '/events'],
      [{ ...good, events: ['*'] }, '/events/0'],
      [{ ...good, events: ['job.unknown'] }, '/events/0'],
      [{ ...good, events: Array.from({ length: 5000 }, () => 'job.failed') }, '/events'],
      [{ ...good, url: 123 }, '/url'],
      [{ events: good.events }, '/url'],
      [{ ...good, url: 'https://user:pw@cfa.example.org/' }, '/url'],
      [{ ...good, url: 'https://cfa.example.org:6379/' }, '/url'],
      [{ ...good, url: 'gopher://127.0.0.1:6379/_INFO' }, '/url'],
      [{ ...good, url: `https://cfa.example.org/${'a'.repeat(3000)}` }, '/url'],
      [{ ...good, concurrency: 0 }, '/concurrency'],
      [{ ...good, concurrency: 9 }, '/concurrency'],
      [{ ...good, maxPerSecond: 501 }, '/maxPerSecond'],
    ];
    for (const [draft, pointer] of faults) {
      const { status, body } = await ask('POST', '/webhooks', draft);
      expect([pointer, status, body.code]).toEqual([pointer, 400, 'VALIDATION_ERROR']);
      expect(body.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
    }
    expect(receiver.at('/good')).toEqual([]);
    const { body } = await ask('POST', '/webhooks', { ...good, concurrency: 1, maxPerSecond: 500 });
    expect(body).toMatchObject({ concurrency: 1, maxPerSecond: 500, status: 'active', verifiedAt: null });
  });
});
