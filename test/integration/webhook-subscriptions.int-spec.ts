import { author, WebhookApp } from '../support/webhook-app.js';
import type { Received } from '../support/webhook-receiver.js';

const bodyOf = (one: Received | undefined) =>
  JSON.parse(one?.body ?? 'null') as Record<string, unknown> & { data: Record<string, unknown> };

describe('webhook subscriptions', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create();
  });
  afterAll(() => app?.dispose());
  beforeEach(() => {
    app.receiver.answer = () => 200;
  });

  it('sends a trial to its webhook alone, whatever it subscribed to', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/tried', { events: ['sync.failed'] });
    await app.subscribe(tenant, '/bystander');
    const { eventId } = await app.log.test(tenant, id, author);
    const [one] = await app.receiver.until(1, '/tried');
    expect(bodyOf(one)).toMatchObject({ event: 'webhook.test', id: eventId, data: { webhookId: id } });
    expect(app.receiver.at('/bystander')).toEqual([]);
    await app.webhooks.patch(tenant, id, { status: 'paused', author });
    await expect(app.log.test(tenant, id, author)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('shows the secret once, keeps it sealed, and leaves an audit row for each change', async () => {
    const tenant = await app.aTenant();
    const { secret, ...created } = await app.subscribe(tenant, '/kept');
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await app.webhooks.get(tenant, created.id)).toEqual(created);
    await app.webhooks.patch(tenant, created.id, { events: ['job.failed'], opcoId: 'akto', author });
    expect((await app.webhooks.list(tenant, { limit: 10 })).data).toMatchObject([
      { events: ['job.failed'], opcoId: 'akto', status: 'active' },
    ]);
    await app.webhooks.delete(tenant, created.id, author);
    const kept = await app.db.database.asSystem((sql) =>
      sql.query<{ action: string }>('SELECT action FROM audit_logs WHERE tenant_hash = $1 ORDER BY id', [tenant]),
    );
    expect(kept.map(({ action }) => action)).toEqual(['webhook.created', 'webhook.changed', 'webhook.deleted']);
    await expect(app.webhooks.get(tenant, created.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('hides the webhooks of another tenant behind the answer for unknown ones', async () => {
    const [tenant, other] = [await app.aTenant(), await app.aTenant()];
    const { id } = await app.subscribe(tenant, '/hidden');
    const missing = { code: 'NOT_FOUND' };
    await expect(app.webhooks.get(other, id)).rejects.toMatchObject(missing);
    await expect(app.webhooks.patch(other, id, { status: 'paused', author })).rejects.toMatchObject(missing);
    await expect(app.webhooks.delete(other, id, author)).rejects.toMatchObject(missing);
    await expect(app.log.list(other, id, { limit: 1 })).rejects.toMatchObject(missing);
    await expect(app.log.test(other, id, author)).rejects.toMatchObject(missing);
    await expect(app.webhooks.get(tenant, 'no-uuid')).rejects.toMatchObject(missing);
    expect((await app.webhooks.list(other, { limit: 10 })).data).toEqual([]);
  });

  it('refuses private addresses, and more webhooks than a tenant may have, even at once', async () => {
    const tenant = await app.aTenant();
    await expect(
      app.webhooks.create(tenant, { url: 'https://169.254.169.254/', events: ['job.failed'] }, author),
    ).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { findings: [{ pointer: '/url', code: 'url_address' }] },
    });
    const five = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => app.subscribe(tenant, `/many-${n}`)));
    expect(five.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const first = await app.webhooks.list(tenant, { limit: 2 });
    expect(first.data).toHaveLength(2);
    const second = await app.webhooks.list(tenant, { limit: 2, cursor: first.nextCursor ?? '' });
    expect(second.data).toHaveLength(1);
    expect(second.nextCursor).toBeNull();
    expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(3);
    await expect(async () => app.webhooks.list(tenant, { limit: 2, cursor: 'x' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });
});
