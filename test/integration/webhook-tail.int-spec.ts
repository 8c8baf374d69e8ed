import { gzipSync } from 'node:zlib';
import type { WebhookDelivery, WebhookView } from '../../src/core/contract/webhook.js';
import type { TenantHash } from '../../src/core/tenant.js';
import { author, eventually, WebhookApp } from '../support/webhook-app.js';
import type { Received } from '../support/webhook-receiver.js';

const bodyOf = (one: Received | undefined) =>
  JSON.parse(one?.body ?? 'null') as Record<string, unknown> & { data: Record<string, unknown> };
const second = 1 / 3600;

describe('webhooks in trouble', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create({
      OPCOVIA_WEBHOOK_SCHEDULE_MS: '0,40,60,80,100,120',
      OPCOVIA_WEBHOOK_BREAKER_FAILURES: 4,
      OPCOVIA_WEBHOOK_PROBE_MS: 100,
      OPCOVIA_WEBHOOK_PROBE_MAX_MS: 200,
      OPCOVIA_WEBHOOK_DISABLE_SPREAD_HOURS: 0.3 * second,
      OPCOVIA_WEBHOOK_DISABLE_DAYS: (0.5 * second) / 24,
      OPCOVIA_WEBHOOKS_PER_TENANT: 5,
    });
  });
  afterAll(() => app?.dispose());
  beforeEach(() => {
    app.receiver.answer = () => 200;
  });

  const first = async (tenant: TenantHash, id: string, is: (delivery: WebhookDelivery) => boolean) => {
    const { data } = await eventually(
      () => app.log.list(tenant, id, { limit: 1 }),
      (page) => page.data[0] !== undefined && is(page.data[0]),
    );
    return data[0];
  };
  const gap = (requests: readonly Received[], at: number) => (requests[at]?.at ?? 0) - (requests[at - 1]?.at ?? 0);

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('waits as long as a 503 asks for in %s', async (form, value) => {
    const tenant = await app.aTenant();
    const path = `/overloaded-${form.length}`;
    await app.subscribe(tenant, path);
    app.receiver.answer = () =>
      app.receiver.at(path).length > 1 ? 200 : { status: 503, headers: { 'retry-after': value() } };
    await app.publish(tenant, {});
    expect(gap(await app.receiver.until(2, path), 1)).toBeGreaterThanOrEqual(990);
  });

  it.each(['-5', 'abc', '100, 200'])('goes by the schedule when a 429 asks for %p', async (field) => {
    const tenant = await app.aTenant();
    const path = `/odd-${encodeURIComponent(field)}`;
    await app.subscribe(tenant, path);
    app.receiver.answer = () =>
      app.receiver.at(path).length > 1 ? 200 : { status: 429, headers: { 'retry-after': field } };
    await app.publish(tenant, {});
    expect(gap(await app.receiver.until(2, path), 1)).toBeLessThan(50_000);
  });

  it('waits no more than a day, whatever is asked for', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/greedy');
    app.receiver.answer = () => ({ status: 429, headers: { 'retry-after': '99999999' } });
    await app.publish(tenant, {});
    const delivery = await first(tenant, id, ({ attempts }) => attempts.length > 0);
    const wait = Date.parse(delivery?.nextAttemptAt ?? '') - Date.now();
    expect(wait / 86_400_000).toBeGreaterThan(0.99);
    expect(wait / 86_400_000).toBeLessThanOrEqual(1);
  });

  it('keeps the beginning of an answer, redacted, and nothing of one that is encoded', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/talks');
    const said = 'Erreur\u0000 pour 2 55 08 14 168 025 38, zoe@cfa.example, whsec_MDEyMzQ1Njc4OWFi';
    app.receiver.answer = () =>
      app.receiver.at('/talks').length > 1
        ? { status: 500, headers: { 'content-encoding': 'gzip' }, body: gzipSync(said) }
        : { status: 500, headers: { 'x-secret': 'never' }, body: said };
    await app.publish(tenant, {});
    const delivery = await first(tenant, id, ({ attempts }) => attempts.length > 1);
    expect(delivery?.attempts.slice(0, 2).map(({ answer }) => answer)).toEqual([
      'Erreur pour [masqué], [masqué], [masqué]',
      undefined,
    ]);
  });

  it('goes on beyond the four ordered attempts, and lets the next event pass meanwhile', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/tail');
    app.receiver.answer = (one) => (bodyOf(one).data['n'] === 1 ? 500 : 200);
    await app.publish(tenant, { data: { n: 1 } }, { data: { n: 2 } });
    const requests = await app.receiver.until(7, '/tail');
    const order = requests.map((one) => bodyOf(one).data['n']);
    expect(order.indexOf(2)).toBeGreaterThanOrEqual(4);
    expect(order.filter((n) => n === 1)).toHaveLength(6);
    const page = await eventually(
      () => app.log.list(tenant, id, { limit: 5, status: 'failed' }),
      ({ data }) => data.length === 1,
    );
    expect(page.data).toMatchObject([{ sequence: 1, status: 'failed', nextAttemptAt: null }]);
    expect(page.data[0]?.attempts).toHaveLength(6);
  });

  it('spares what only fails, shows since when, and forgets it with the first success', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/spared');
    app.receiver.answer = () => 500;
    await app.publish(tenant, ...[1, 2, 3, 4, 5, 6].map((n) => ({ subject: `job:${n}` })));
    const spared = await eventually(
      () => app.webhooks.get(tenant, id),
      ({ health, status }) => health.nextProbeAt !== null && status === 'active',
    );
    expect(spared.health.consecutiveFailures).toBeGreaterThanOrEqual(4);
    expect(Date.parse(spared.health.failingSince ?? '')).toBeLessThanOrEqual(Date.now());
    app.receiver.answer = () => 200;
    const sound = await eventually(
      () => app.webhooks.get(tenant, id),
      ({ health }) => health.consecutiveFailures === 0,
    );
    expect(sound.health).toEqual({ consecutiveFailures: 0, failingSince: null, nextProbeAt: null });
  });

  it('gives up what has only failed for long, says so, and takes it back', async () => {
    const tenant = await app.aTenant();
    const { id } = await app.subscribe(tenant, '/lost');
    await app.webhooks.create(tenant, { url: app.url('/told'), events: ['webhook.disabled'] }, author);
    app.receiver.answer = (one) => (one.path === '/lost' ? 500 : 200);
    let n = 0;
    const disabled = await eventually(
      async () => {
        await app.publish(tenant, { subject: `job:${n++}` });
        return app.webhooks.get(tenant, id);
      },
      ({ status }: WebhookView) => status === 'disabled',
    );
    expect(disabled.disabledReason).toBe('failing');
    const [told] = await app.receiver.until(1, '/told');
    expect(bodyOf(told)).toMatchObject({ event: 'webhook.disabled', data: { webhookId: id, reason: 'failing' } });
    const trail = await app.db.database.asSystem((sql) =>
      sql.query("SELECT result FROM audit_logs WHERE tenant_hash = $1 AND action = 'webhook.disabled'", [tenant]),
    );
    expect(trail).toEqual([{ result: 'failing' }]);
    expect((await app.log.list(tenant, id, { limit: 1, status: 'pending' })).data).toEqual([]);
    app.receiver.answer = () => 200;
    const back = await app.webhooks.patch(tenant, id, { status: 'active', author });
    expect(back).toMatchObject({ status: 'active', disabledReason: null, health: { consecutiveFailures: 0 } });
    const before = app.receiver.at('/lost').length;
    await app.publish(tenant, { subject: 'job:back' });
    await app.receiver.until(before + 1, '/lost');
  });

  it('sends no faster and no more at a time than the webhook asked for', async () => {
    const tenant = await app.aTenant();
    const limits = { concurrency: 2, maxPerSecond: 3 };
    expect(await app.subscribe(tenant, '/slow', limits)).toMatchObject(limits);
    await app.publish(tenant, ...[1, 2, 3, 4].map((n) => ({ subject: `job:${n}` })));
    const requests = await app.receiver.until(4, '/slow');
    expect((requests[3]?.at ?? 0) - (requests[0]?.at ?? 0)).toBeGreaterThanOrEqual(950);
    await expect(app.subscribe(tenant, '/much', { concurrency: 9 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { findings: [{ pointer: '/concurrency', code: 'maximum' }] },
    });
  });
});
