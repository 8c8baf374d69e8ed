import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { author, eventually, WebhookApp } from '../support/webhook-app.js';
import type { Received } from '../support/webhook-receiver.js';

const bodyOf = (one: Received | undefined) =>
  JSON.parse(one?.body ?? 'null') as Record<string, unknown> & { data: Record<string, unknown> };

describe('webhook deliveries', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create();
  });
  afterAll(() => app?.dispose());
  beforeEach(() => {
    app.receiver.answer = () => 200;
  });

  it('delivers a committed event, signed in both ways over the bytes sent', async () => {
    const tenant = await app.aTenant();
    const { secret } = await app.subscribe(tenant, '/signed');
    await app.publish(tenant, { data: { jobId: 'j', nom: 'Zoé' } });
    const [one] = await app.receiver.until(1, '/signed');
    expect(bodyOf(one)).toEqual({
      event: 'job.completed',
      opcoId: 'opco-ep',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: { jobId: 'j', nom: 'Zoé' },
      id: one?.headers['webhook-id'],
      sequence: 1,
    });
    expect(Object.keys(bodyOf(one))).toEqual(['event', 'opcoId', 'timestamp', 'data', 'id', 'sequence']);
    expect(one?.headers['opcovia-event']).toBe('job.completed');
    expect(one?.headers['accept-encoding']).toBe('identity');
    expect(one?.headers['opcovia-signature']).toBe(
      createHmac('sha256', secret)
        .update(one?.body ?? '')
        .digest('hex'),
    );
    expect(new Webhook(secret).verify(one?.body ?? '', one?.headers as Record<string, string>)).toEqual(bodyOf(one));
  });

  it('sends another tenant nothing, and each webhook only what it subscribed to', async () => {
    const [tenant, other] = [await app.aTenant(), await app.aTenant()];
    await app.subscribe(tenant, '/mine');
    await app.subscribe(other, '/theirs');
    await app.subscribe(tenant, '/akto', { opcoId: 'akto' });
    await app.publish(tenant, { type: 'job.failed' }, { opcoId: 'akto', subject: 'job:2' }, {});
    await app.receiver.until(2, '/mine');
    await app.publish(other, {});
    await app.receiver.until(1, '/theirs');
    expect(app.receiver.at('/theirs').map((one) => bodyOf(one)['sequence'])).toEqual([1]);
    const foreign = await app.db.database.asSystem((sql) =>
      sql.query(
        'SELECT 1 FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE w.tenant_hash <> d.tenant_hash',
      ),
    );
    expect(foreign).toEqual([]);
    expect(app.receiver.at('/mine').map((one) => bodyOf(one)['event'])).toEqual(['job.completed', 'job.completed']);
    expect(app.receiver.at('/akto').map((one) => bodyOf(one)['opcoId'])).toEqual(['akto']);
  });

  it('keeps identity and bytes over retries, with a new timestamp signed each time', async () => {
    const tenant = await app.aTenant();
    const { id, secret } = await app.subscribe(tenant, '/retried');
    app.receiver.answer = () => (app.receiver.at('/retried').length < 3 ? 500 : 204);
    await app.publish(tenant, { data: { jobId: 'j' } });
    const requests = await app.receiver.until(3, '/retried');
    expect(new Set(requests.map((one) => one.headers['webhook-id'])).size).toBe(1);
    expect(new Set(requests.map((one) => one.body)).size).toBe(1);
    for (const one of requests) new Webhook(secret).verify(one.body, one.headers as Record<string, string>);
    const page = await eventually(
      () => app.log.list(tenant, id, { limit: 10 }),
      ({ data }) => data[0]?.status === 'delivered',
    );
    expect(page.data[0]?.attempts.map(({ status, reason }) => [status, reason])).toEqual([
      [500, 'status'],
      [500, 'status'],
      [204, null],
    ]);
    expect(page.data[0]).toMatchObject({ event: 'job.completed', opcoId: 'opco-ep', sequence: 1, nextAttemptAt: null });
  });

  it('makes four attempts, then fails, follows no redirect, and lets the next event of the subject pass', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/failing');
    app.receiver.answer = (one) => (bodyOf(one).data['n'] === 1 ? 307 : 200);
    await app.publish(tenant, { data: { n: 1 } }, { data: { n: 2 } });
    const requests = await app.receiver.until(5, '/failing');
    expect(requests.map((one) => bodyOf(one).data['n'])).toEqual([1, 1, 1, 1, 2]);
    expect(app.receiver.at('/elsewhere')).toEqual([]);
    const gaps = requests.slice(1, 4).map((one, at) => one.at - (requests[at]?.at ?? 0));
    [36, 54, 72].forEach((least, at) => expect(gaps[at]).toBeGreaterThanOrEqual(least - 1));
    const { data } = await eventually(
      () => app.log.list(tenant, id, { limit: 10 }),
      (page) => page.data[0]?.status === 'delivered',
    );
    expect(data.map(({ status, sequence }) => [sequence, status])).toEqual([
      [2, 'delivered'],
      [1, 'failed'],
    ]);
  });

  it('never overtakes within a subject, and never holds another subject up', async () => {
    const tenant = await app.aTenant();
    await app.subscribe(tenant, '/ordered');
    app.receiver.answer = (one) =>
      bodyOf(one).data['n'] === 'a1' &&
      app.receiver.at('/ordered').filter((each) => bodyOf(each).data['n'] === 'a1').length < 3
        ? 503
        : 200;
    await app.publish(
      tenant,
      { subject: 'dossier:a', data: { n: 'a1' } },
      { subject: 'dossier:a', data: { n: 'a2' } },
      { subject: 'dossier:b', data: { n: 'b1' } },
      { subject: 'dossier:a', data: { n: 'a3' } },
    );
    const names = (await app.receiver.until(6, '/ordered')).map((one) => String(bodyOf(one).data['n']));
    expect(names.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a1', 'a1', 'a2', 'a3']);
    expect(names.indexOf('b1')).toBeLessThan(names.lastIndexOf('a1'));
  });

  it('shows every way of not answering alike, and ends a silent attempt at its deadline', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/silent');
    app.receiver.answer = () => 'hang';
    await app.publish(tenant, {});
    const { data } = await eventually(
      () => app.log.list(tenant, id, { limit: 1 }),
      (page) => (page.data[0]?.attempts.length ?? 0) > 0,
    );
    expect(data[0]?.attempts[0]).toEqual({
      at: expect.any(String) as string,
      status: null,
      durationMs: null,
      reason: 'unreachable',
    });
    await app.webhooks.delete(tenant, id, author);
  });

  it('disables a webhook that answers 410, cancels what was owed, and says so in the feed', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/gone');
    await app.webhooks.create(tenant, { url: app.url('/notice'), events: ['webhook.disabled'] }, author);
    app.receiver.answer = (one) => (one.path === '/gone' ? 410 : 200);
    await app.publish(tenant, { data: { n: 1 } }, { data: { n: 2 } });
    const [notice] = await app.receiver.until(1, '/notice');
    expect(bodyOf(notice)).toMatchObject({
      event: 'webhook.disabled',
      opcoId: 'opcovia',
      data: { webhookId: id, reason: 'gone' },
    });
    expect(await app.webhooks.get(tenant, id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    expect((await app.log.list(tenant, id, { limit: 10 })).data.map(({ status }) => status)).toEqual([
      'cancelled',
      'failed',
    ]);
    expect(app.receiver.at('/gone')).toHaveLength(1);
    expect(await app.webhooks.patch(tenant, id, { status: 'active', author })).toMatchObject({
      status: 'active',
      disabledReason: null,
    });
  });

  it('takes over, uncounted, an attempt whose process vanished', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/vanished');
    app.receiver.answer = () => 500;
    await app.publish(tenant, {});
    await app.receiver.until(1, '/vanished');
    // What a killed process leaves behind: a claim that nobody will end.
    await eventually(
      () =>
        app.db.database.asSystem((sql) =>
          sql.query(
            `UPDATE webhook_deliveries SET claimed_until = now() + interval '300 ms', next_attempt_at = now()
             WHERE webhook_id = $1 AND claimed_until IS NULL AND status = 'pending' RETURNING id`,
            [id],
          ),
        ),
      (rows) => rows.length === 1,
    );
    const before = app.receiver.at('/vanished').length;
    const claimed = performance.now();
    app.receiver.answer = () => 200;
    const requests = await app.receiver.until(before + 1, '/vanished');
    expect((requests[before]?.at ?? 0) - claimed).toBeGreaterThan(200);
    expect(new Set(requests.map((one) => one.body)).size).toBe(1);
  });

  it('finishes what is under way when it stops, and goes on where it stopped', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/restarted');
    app.receiver.answer = () => 500;
    await app.publish(tenant, {});
    await app.receiver.until(1, '/restarted');
    await app.stop();
    const { rows } = await app.db.database.asSystem(async (sql) => ({
      rows: await sql.query<{ claimed: boolean; logged: number; attempts: number }>(
        'SELECT claimed_until IS NOT NULL AS claimed, jsonb_array_length(attempt_log) AS logged, attempts FROM webhook_deliveries WHERE webhook_id = $1',
        [id],
      ),
    }));
    expect(rows).toEqual([
      { claimed: false, logged: rows[0]?.attempts, attempts: app.receiver.at('/restarted').length },
    ]);
    app.receiver.answer = () => 200;
    const before = app.receiver.at('/restarted').length;
    await app.start();
    await app.receiver.until(before + 1, '/restarted');
  });
});
