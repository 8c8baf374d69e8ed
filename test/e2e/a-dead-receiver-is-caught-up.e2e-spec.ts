import { Webhook } from 'standardwebhooks';
import { type Asked, eventually, startProduct, type Product } from '../support/product.js';
import { type Received, WebhookReceiver } from '../support/webhook-receiver.js';

const dataOf = (one: Received) => (JSON.parse(one.body) as { data: Record<string, unknown> }).data;
const headersOf = (one: Received | undefined) => one?.headers as Record<string, string>;
const longAgo = '2020-01-01T00:00:00.000Z';
const schedule = [0, 100, 200, 300, 400, 500, 600];

describe('a receiver that was dead', () => {
  const receiver = new WebhookReceiver();
  let product: Product;
  let key: string;
  let base: string;

  beforeAll(async () => {
    const port = await receiver.listen();
    base = `http://127.0.0.1:${port}`;
    product = await startProduct({
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}`,
      OPCOVIA_WEBHOOK_SCHEDULE_MS: schedule.join(),
      OPCOVIA_WEBHOOK_TIMEOUT_SECONDS: '1.5',
      OPCOVIA_WEBHOOK_BREAKER_FAILURES: '100',
      OPCOVIA_WEBHOOK_PROBE_MS: '100',
      OPCOVIA_WEBHOOK_RECOVER_BATCH: '3',
    });
    key = await product.newTenant('CFA absent');
  });
  afterAll(async () => {
    await product.stop();
    await receiver.close();
  });
  beforeEach(() => {
    receiver.answer = () => 200;
  });

  const ask = (method: string, path: string, body?: unknown) =>
    product.ask(key, method, path, body === undefined ? {} : { body });
  const subscribe = async (path: string, more: object = {}) => {
    const made = await ask('POST', '/webhooks', { url: `${base}${path}`, events: ['job.completed'], ...more });
    expect(made.status).toBe(201);
    return made.body as { id: string; secret: string };
  };
  const tried = (id: string) => ask('POST', `/webhooks/${id}/test`);
  const deliveries = (id: string, status: string, count: number): Promise<Asked> =>
    eventually(
      () => ask('GET', `/webhooks/${id}/deliveries?status=${status}`),
      ({ body }) => body.data.length === count,
    );

  it('was tried through the whole schedule, is a dead letter in the end, and hears no more', async () => {
    const { id } = await subscribe('/schedule');
    receiver.answer = () => ({ status: 500, body: 'panne du NIR 2 55 08 14 168 025 38' });
    await tried(id);
    const requests = await receiver.until(schedule.length, '/schedule');
    requests.slice(1).forEach((one, at) => {
      expect(one.at - (requests[at]?.at ?? 0)).toBeGreaterThanOrEqual(0.9 * (schedule[at + 1] ?? 0) - 2);
    });
    const { body } = await deliveries(id, 'failed', 1);
    expect(body.data[0].attempts).toHaveLength(schedule.length);
    expect(body.data[0].attempts[0]).toMatchObject({ status: 500, reason: 'status', answer: 'panne du NIR [masqué]' });
    const { body: view } = await ask('GET', `/webhooks/${id}`);
    expect(view.health).toMatchObject({ consecutiveFailures: schedule.length, nextProbeAt: null });
    expect(receiver.at('/schedule')).toHaveLength(schedule.length);
  });

  it('gets its dead letters again one by one, or all since a date in batches, and nobody else can ask for them', async () => {
    const { id, secret } = await subscribe('/replays');
    receiver.answer = () => 500;
    for (let n = 0; n < 4; n++) await tried(id);
    const { body } = await deliveries(id, 'failed', 4);
    receiver.answer = () => 200;
    const [dead] = body.data;
    const path = `/webhooks/${id}/deliveries/${dead.id}/replay`;
    const stranger = await product.newTenant('CFA curieux');
    expect((await product.ask(stranger, 'POST', path)).status).toBe(404);
    const before = receiver.at('/replays').length;
    const replayed = await ask('POST', path);
    expect([replayed.status, replayed.body.status, replayed.body.eventId]).toEqual([202, 'pending', dead.eventId]);
    const came = (await receiver.until(before + 1, '/replays')).at(-1);
    expect(came?.headers['webhook-id']).toBe(dead.eventId);
    new Webhook(secret).verify(came?.body ?? '', headersOf(came));
    const { body: again } = await deliveries(id, 'delivered', 1);
    expect(again.data[0].attempts).toHaveLength(schedule.length + 1);
    const { body: all } = await ask('GET', `/webhooks/${id}/deliveries`);
    expect(all.data).toHaveLength(4);
  });

  it('gets what happened before it was there, and while it was paused', async () => {
    const { id: first } = await subscribe('/before');
    await tried(first);
    await deliveries(first, 'delivered', 1);
    const ticket = await ask('POST', '/akto/documents', {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: 'INT-1' }],
      _files: { 'convention.pdf': 'JVBERi0xLjQKJSVFT0YK' },
    });
    expect(ticket.status).toBe(202);
    await eventually(
      () => ask('GET', ticket.body.statusUrl),
      ({ body }) => !['pending', 'processing'].includes(body.status),
    );
    const types = ['job.completed', 'job.failed'];
    await eventually(
      () => ask('GET', `/events?types=${types.join()}`),
      ({ body }) => body.data.length > 0,
    );
    const { id } = await subscribe('/late', { events: types });
    const recovered = await ask('POST', `/webhooks/${id}/recover`, { since: longAgo });
    expect([recovered.status, recovered.body]).toEqual([
      202,
      expect.objectContaining({ queued: 1, again: 0, missed: 1, remaining: 0 }),
    ]);
    const [one] = await receiver.until(1, '/late');
    expect(one && dataOf(one)).toMatchObject({ jobId: ticket.body.jobId });
    expect((await ask('POST', `/webhooks/${id}/recover`, { since: 'hier' })).status).toBe(400);
  });

  it('is heard by its new secret and its old one for a while, and shows neither', async () => {
    const { id, secret } = await subscribe('/rotation');
    const rotated = await ask('POST', `/webhooks/${id}/rotate-secret`);
    expect([rotated.status, rotated.body.secret === secret]).toEqual([200, false]);
    await tried(id);
    const [came] = await receiver.until(1, '/rotation');
    for (const each of [secret, rotated.body.secret as string]) {
      new Webhook(each).verify(came?.body ?? '', headersOf(came));
      expect((await ask('GET', `/webhooks/${id}`)).text).not.toContain(each);
      expect(product.logged()).not.toContain(each);
    }
  });

  it('proves that its address is its own by giving a word back', async () => {
    const { id } = await subscribe('/proof');
    expect((await ask('POST', `/webhooks/${id}/verify`)).status).toBe(409);
    receiver.answer = (one) => ({ status: 200, body: String(dataOf(one)['challenge']) });
    const proven = await ask('POST', `/webhooks/${id}/verify`);
    expect([proven.status, typeof proven.body.verifiedAt]).toEqual([200, 'string']);
  });

  it('never delays a sound one, however much waits for it', async () => {
    const patient = await product.newTenant('CFA sain');
    const draft = (path: string) => ({ body: { url: `${base}${path}`, events: ['job.completed'] } });
    const hanging = (await product.ask(key, 'POST', '/webhooks', draft('/hangs'))).body as { id: string };
    const sound = (await product.ask(patient, 'POST', '/webhooks', draft('/sound'))).body as { id: string };
    receiver.answer = (one) => (one.path === '/hangs' ? 'hang' : 200);
    await Promise.all(Array.from({ length: 60 }, () => tried(hanging.id)));
    await receiver.until(8, '/hangs');
    const delays: number[] = [];
    for (let n = 1; n <= 20; n++) {
      const begun = performance.now();
      await product.ask(patient, 'POST', `/webhooks/${sound.id}/test`);
      const arrived = (await receiver.until(n, '/sound')).at(-1);
      delays.push((arrived?.at ?? Infinity) - begun);
    }
    expect(delays.sort((a, b) => a - b)[18]).toBeLessThan(2000);
    expect((await ask('DELETE', `/webhooks/${hanging.id}`)).status).toBe(204);
  });
});
