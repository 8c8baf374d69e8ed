import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { TenantHash } from '../../src/core/tenant.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { EventRetentionRepository } from '../../src/webhooks/event-retention.repository.js';
import { author, eventually, WebhookApp } from '../support/webhook-app.js';
import type { Received } from '../support/webhook-receiver.js';

const bodyOf = (one: Received | undefined) =>
  JSON.parse(one?.body ?? 'null') as Record<string, unknown> & { data: Record<string, unknown> };
const headersOf = (one: Received | undefined) => one?.headers as Record<string, string>;
const longAgo = '2020-01-01T00:00:00.000Z';

describe('what did not arrive', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create({ OPCOVIA_WEBHOOK_RECOVER_BATCH: 2, OPCOVIA_WEBHOOK_SCHEDULE_MS: '0,10' });
  });
  afterAll(() => app?.dispose());
  beforeEach(() => {
    app.receiver.answer = () => 200;
  });

  const deliveries = async (tenant: TenantHash, id: string, count: number, status: string) => {
    const { data } = await eventually(
      () => app.log.list(tenant, id, { limit: 50 }),
      (page) => page.data.length === count && page.data.every((each) => each.status === status),
    );
    return data;
  };
  const age = (tenant: TenantHash, days: number) =>
    app.db.database.asSystem((sql) =>
      sql.query("UPDATE events SET at = at - $2 * interval '1 day' WHERE tenant_hash = $1", [tenant, days]),
    );

  it('is replayed under the same id and bytes, counted on, listed once, in the order of its subject', async () => {
    const tenant = await app.aTenant();
    const { id, secret } = await app.subscribe(tenant, '/replayed');
    app.receiver.answer = () => 500;
    await app.publish(tenant, { data: { n: 1 } });
    const [dead] = await deliveries(tenant, id, 1, 'failed');
    app.receiver.answer = () => 200;
    const address = { webhookId: id, deliveryId: dead?.id ?? '' };
    expect(await app.redeliveries.replay(tenant, address, author)).toMatchObject({ id: dead?.id, status: 'pending' });
    const [again] = await deliveries(tenant, id, 1, 'delivered');
    expect(again?.attempts.map(({ status }) => status)).toEqual([500, 500, 200]);
    const requests = app.receiver.at('/replayed');
    expect(new Set(requests.map(({ body, headers }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    for (const one of requests) new Webhook(secret).verify(one.body, headersOf(one));
    // What has arrived may be made again too, and has the whole schedule before it.
    app.receiver.answer = () => 500;
    await app.redeliveries.replay(tenant, address, author);
    const [lost] = await deliveries(tenant, id, 1, 'failed');
    expect(lost?.attempts.map(({ status }) => status)).toEqual([500, 500, 200, 500, 500]);
    expect(lost?.deliveredAt).toBeNull();
  });

  it('is not replayed while it is under way, while the webhook is disabled, or by anybody else', async () => {
    const [tenant, other] = [await app.aTenant(), await app.aTenant()];
    const { id } = await app.subscribe(tenant, '/refused');
    const foreign = await app.subscribe(other, '/foreign');
    app.receiver.answer = () => 410;
    await app.publish(tenant, {});
    const [dead] = await deliveries(tenant, id, 1, 'failed');
    const address = { webhookId: id, deliveryId: dead?.id ?? '' };
    await expect(app.redeliveries.replay(tenant, address, author)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(app.redeliveries.recover(tenant, id, { since: longAgo, author })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    const missing = { code: 'NOT_FOUND' };
    for (const webhookId of [id, foreign.id]) {
      await expect(app.redeliveries.replay(other, { ...address, webhookId }, author)).rejects.toMatchObject(missing);
    }
    await expect(
      app.redeliveries.replay(tenant, { ...address, deliveryId: randomUUID() }, author),
    ).rejects.toMatchObject(missing);
    await expect(app.redeliveries.recover(other, id, { since: longAgo, author })).rejects.toMatchObject(missing);
    await app.webhooks.patch(tenant, id, { status: 'paused', author });
    expect(await app.redeliveries.replay(tenant, address, author)).toMatchObject({ status: 'pending' });
    await expect(app.redeliveries.replay(tenant, address, author)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is recovered since a date: failed, called off and never owed, in batches, in order, and nothing twice', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/recovered');
    const send = (n: number) => app.publish(tenant, { subject: 'dossier:1', data: { n } });
    await send(1);
    await deliveries(tenant, id, 1, 'delivered');
    app.receiver.answer = () => 410;
    await send(2);
    await eventually(
      () => app.webhooks.get(tenant, id),
      ({ status }) => status === 'disabled',
    );
    for (const n of [3, 4, 5]) await send(n);
    await app.publish(tenant, { type: 'job.failed', data: { n: 6 } });
    await app.publish(await app.aTenant(), { data: { n: 7 } });
    await app.webhooks.patch(tenant, id, { status: 'paused', author });
    const numbered = () =>
      app.db.database.asSystem((sql) =>
        sql.query(
          "SELECT 1 FROM events WHERE tenant_hash = $1 AND sequence IS NOT NULL AND type <> 'webhook.disabled'",
          [tenant],
        ),
      );
    await eventually(numbered, (rows) => rows.length === 6);
    app.receiver.answer = () => 200;
    const recover = (more: object = {}) => app.redeliveries.recover(tenant, id, { since: longAgo, author, ...more });
    await expect(recover({ until: longAgo })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await recover({ opcoId: 'akto' })).toMatchObject({ queued: 0, remaining: 0 });
    const first = await recover();
    expect(first).toMatchObject({ queued: 2, again: 1, missed: 1, remaining: 2 });
    expect(Date.now() - Date.parse(first.keptSince)).toBeGreaterThan(29.9 * 86_400_000);
    expect(await recover()).toMatchObject({ queued: 2, again: 0, missed: 2, remaining: 0 });
    expect(await recover()).toMatchObject({ queued: 0, remaining: 0 });
    expect(await recover({ events: ['job.failed'] })).toMatchObject({ queued: 1, missed: 1 });
    await app.webhooks.patch(tenant, id, { status: 'active', author });
    const requests = await app.receiver.until(7, '/recovered');
    const order = requests.slice(2).map((one) => bodyOf(one).data['n']);
    expect(order.filter((n) => n !== 6)).toEqual([2, 3, 4, 5]);
    expect([...order].sort()).toEqual([2, 3, 4, 5, 6]);
  });

  it('is older than what is kept only when it is numbered, owed to nobody, and old enough', async () => {
    const [tenant, owing] = [await app.aTenant(), await app.aTenant()];
    const { id } = await app.subscribe(tenant, '/kept');
    const waiting = await app.subscribe(owing, '/owing');
    await app.publish(tenant, { data: { n: 1 } }, { data: { n: 2 } });
    await deliveries(tenant, id, 2, 'delivered');
    await app.webhooks.patch(owing, waiting.id, { status: 'paused', author });
    const since = { since: longAgo, author };
    await app.publish(owing, {});
    await eventually(
      () => app.redeliveries.recover(owing, waiting.id, since),
      ({ queued }) => queued === 1,
    );
    await age(tenant, 31);
    await age(owing, 31);
    const retention = new EventRetentionRepository(app.db.database, new AuditTrail(), 30, 1);
    await app.db.database.asSystem((sql) =>
      sql.query(
        `INSERT INTO events (id, tenant_hash, opco_id, type, subject, data, at, sequence)
         VALUES ($1, $2, 'akto', 'job.completed', 'job:0', '{}', now() - interval '29 days', 99)`,
        [randomUUID(), tenant],
      ),
    );
    expect(await retention.purge()).toMatchObject({ events: 1, deliveries: 1 });
    expect(await retention.purge()).toMatchObject({ events: 1, deliveries: 1 });
    expect(await retention.purge()).toMatchObject({ events: 0, deliveries: 0 });
    expect((await app.log.list(owing, waiting.id, { limit: 5 })).data).toHaveLength(1);
    await age(owing, -31);
  });

  it('is signed by the new secret, and by the old one until its time is over and it is erased', async () => {
    const tenant = await app.aTenant();
    const { id, secret: old } = await app.subscribe(tenant, '/rotated');
    const rotated = await app.secrets.rotate(tenant, id, author);
    expect(rotated.secret).not.toBe(old);
    expect(Date.parse(rotated.previousUntil ?? '') - Date.now()).toBeGreaterThan(23.9 * 3_600_000);
    await app.publish(tenant, {});
    const [during] = await app.receiver.until(1, '/rotated');
    for (const secret of [rotated.secret, old]) new Webhook(secret).verify(during?.body ?? '', headersOf(during));
    const signatures = String(during?.headers['webhook-signature']).split(' ');
    expect(signatures).toHaveLength(2);
    const newFirst = { ...headersOf(during), 'webhook-signature': String(signatures[0]) };
    new Webhook(rotated.secret).verify(during?.body ?? '', newFirst);
    await app.db.database.asSystem((sql) =>
      sql.query('UPDATE webhooks SET previous_until = now() WHERE id = $1', [id]),
    );
    await app.publish(tenant, {});
    const [, after] = await app.receiver.until(2, '/rotated');
    expect(() => new Webhook(old).verify(after?.body ?? '', headersOf(after))).toThrow();
    new Webhook(rotated.secret).verify(after?.body ?? '', headersOf(after));
    const retention = new EventRetentionRepository(app.db.database, new AuditTrail(), 30);
    expect(await retention.purge()).toMatchObject({ webhook_secrets: 1 });
    const erased = await app.db.database.asSystem((sql) =>
      sql.query('SELECT sealed_previous_secret, previous_until FROM webhooks WHERE id = $1', [id]),
    );
    expect(erased).toEqual([{ sealed_previous_secret: null, previous_until: null }]);
    await expect(app.secrets.rotate(await app.aTenant(), id, author)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an address that must prove itself', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create({ OPCOVIA_WEBHOOK_VERIFICATION: 'required' });
  });
  afterAll(() => app?.dispose());

  const echo = (one: Received) => ({ status: 200, body: JSON.stringify({ challenge: bodyOf(one).data['challenge'] }) });

  it('gets nothing before it gave the word back, and has to again once it is another one', async () => {
    const tenant = await app.aTenant();
    const { id, secret, status } = await app.subscribe(tenant, '/proven');
    expect(status).toBe('unverified');
    await app.publish(tenant, {});
    const conflict = { code: 'CONFLICT' };
    await expect(app.webhooks.patch(tenant, id, { status: 'active', author })).rejects.toMatchObject(conflict);
    await expect(app.log.test(tenant, id, author)).rejects.toMatchObject(conflict);
    await expect(app.redeliveries.recover(tenant, id, { since: longAgo, author })).rejects.toMatchObject(conflict);
    app.receiver.answer = () => ({ status: 200, body: 'mot' });
    await expect(app.verification.verify(tenant, id, author)).rejects.toMatchObject(conflict);
    app.receiver.answer = (one) => ({ ...echo(one), status: 500 });
    await expect(app.verification.verify(tenant, id, author)).rejects.toMatchObject(conflict);
    app.receiver.answer = echo;
    const verified = await app.verification.verify(tenant, id, author);
    expect(verified).toMatchObject({ status: 'active', verifiedAt: expect.any(String) as string });
    const [asked] = app.receiver.at('/proven').slice(-1);
    expect(new Webhook(secret).verify(asked?.body ?? '', headersOf(asked))).toMatchObject({ event: 'webhook.test' });
    const before = app.receiver.at('/proven').length;
    await app.publish(tenant, {});
    await app.receiver.until(before + 1, '/proven');
    const moved = await app.webhooks.patch(tenant, id, { url: app.url('/moved'), author });
    expect(moved).toMatchObject({ status: 'unverified', verifiedAt: null });
    await expect(app.verification.verify(await app.aTenant(), id, author)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is refused in the same words and after the same time, whether it refuses, hangs or may not be reached', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/mute');
    app.receiver.answer = () => 'hang';
    const go = async () => {
      const begun = performance.now();
      const error = await app.verification.verify(tenant, id, author).catch((each: unknown) => each);
      return { error, tookMs: performance.now() - begun };
    };
    const hanging = await go();
    // An address that was good when it was given, and is not any more.
    await app.db.database.asSystem((sql) =>
      sql.query("UPDATE webhooks SET url = 'http://127.0.0.1:9/' WHERE id = $1", [id]),
    );
    const blocked = await go();
    expect(blocked.error).toEqual(hanging.error);
    for (const { tookMs } of [hanging, blocked]) {
      expect(tookMs).toBeGreaterThanOrEqual(490);
      expect(tookMs).toBeLessThan(5000);
    }
  });
});
