import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { isGenuine } from '../../docs/verify-webhook.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { WebhookReceiver } from '../../src/dev/demo/receiver.js';
import { WebhookReceiver as PlainReceiver } from '../support/webhook-receiver.js';
import { control, eventually, startProduct, type Product } from '../support/product.js';

describe('the main job', () => {
  let product: Product;
  let key: string;
  const receiver = new WebhookReceiver();
  const plain = new PlainReceiver();
  let plainPort: number;
  const deposit = (idempotencyKey: string, body: unknown = { cerfa: exampleCerfa() }) =>
    product.ask(key, 'POST', '/akto/dossiers', { body, headers: { 'idempotency-key': idempotencyKey } });
  const settled = (statusUrl: string) =>
    eventually(
      () => product.ask(key, 'GET', statusUrl),
      ({ body }) => !['pending', 'processing'].includes(body.status),
    );
  const commits = () => product.sandbox.world.ledger.read({ committed: true });

  beforeAll(async () => {
    const port = await receiver.listen();
    plainPort = await plain.listen();
    product = await startProduct({
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port},127.0.0.1/32:${plainPort}`,
      // The watch keeps within a share of what the OPCO bears: here it bears enough for a list each moment.
      OPCOVIA_UPSTREAM_LIMITS: '{"akto":{"callsPerSecond":100,"burst":100}}',
    });
    key = await product.newTenant('CFA du récit');
    const url = `http://127.0.0.1:${port}/`;
    const created = await product.ask(key, 'POST', '/webhooks', {
      body: { url, events: ['job.completed', 'dossier.etat_changed'] },
    });
    expect(created.status).toBe(201);
    receiver.trust(created.body.secret);
  });

  afterAll(async () => {
    receiver.close();
    await plain.close();
    await product.stop();
  });

  it('takes a contract once, runs it, and tells of its life by verified webhooks', async () => {
    const before = commits().length;
    const ticket = await deposit('recit-1');
    expect(ticket.status).toBe(202);
    expect(ticket.body).toMatchObject({ status: 'pending', statusUrl: `/akto/jobs/${ticket.body.jobId}` });
    expect(ticket.headers.get('location')).toBe(ticket.body.statusUrl);
    const again = await deposit('recit-1');
    expect([again.status, again.body.status, again.body.jobId]).toEqual([200, 'duplicate', ticket.body.jobId]);

    const job = await settled(ticket.body.statusUrl);
    expect(job.body).toMatchObject({ status: 'completed', outcome: 'applied', type: 'dossiers', opcoId: 'akto' });
    const { numeroInterne } = job.body.result;
    const told = await receiver.next(({ event }) => event === 'job.completed');
    expect(told).toMatchObject({ verified: true, data: { jobId: ticket.body.jobId } });
    expect(commits().length - before).toBe(1);

    for (const etat of ['EN_COURS_INSTRUCTION', 'ENGAGE']) {
      await passDaysUntil(product, receiver, { numeroInterne, etat });
    }
    expect(receiver.received.every(({ verified }) => verified)).toBe(true);
    const sequences = receiver.received.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  it('refuses the same key with another content', async () => {
    await deposit('recit-2');
    const other = await deposit('recit-2', { cerfa: exampleCerfa({ rank: 1 }) });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });

  it('does not burn the key of a deposit that was refused for its shape', async () => {
    const broken = await deposit('recit-3', { cerfa: { ...exampleCerfa(), surprise: 1 } });
    expect([broken.status, broken.body.code]).toEqual([400, 'VALIDATION_ERROR']);
    expect(broken.body.errors).toContainEqual(expect.objectContaining({ pointer: '/cerfa/surprise' }));
    expect((await deposit('recit-3')).status).not.toBe(422);
  });

  it('is completed by what the OPCO shows, and sends nothing twice, when its answer is lost', async () => {
    const other = exampleCerfa({ rank: 2 });
    // The fault must meet this deposit, not one of the tests before.
    await eventually(
      () => product.ask(key, 'GET', '/akto/jobs'),
      ({ body }) => body.data.every(({ completedAt }: { completedAt: string | null }) => completedAt !== null),
    );
    await control(product.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', method: 'POST', kind: 'commit-then-reset', times: 1 },
    ]);
    const before = commits().length;
    const ticket = await deposit('recit-4', { cerfa: other });
    const job = await settled(ticket.body.statusUrl);
    expect(job.body).toMatchObject({ status: 'completed', outcome: 'applied', result: { reconciled: true } });
    expect(commits().length - before).toBe(1);
  });

  it('signs so that foreign libraries believe what came, and nothing else', async () => {
    const created = await product.ask(key, 'POST', '/webhooks', {
      body: { url: `http://127.0.0.1:${plainPort}/foreign`, events: ['job.completed'] },
    });
    const { id, secret } = created.body;
    await product.ask(key, 'POST', `/webhooks/${id}/test`);
    const [came] = await plain.until(1, '/foreign');
    const headers = came?.headers as Record<string, string>;
    for (const library of [new Webhook(secret), new SvixWebhook(secret)]) {
      expect(library.verify(came?.body ?? '', headers)).toMatchObject({ event: 'webhook.test' });
      expect(() => library.verify(`${came?.body} `, headers)).toThrow();
    }
    expect(isGenuine({ rawBody: Buffer.from(came?.body ?? ''), headers }, secret)).toBe(true);
    expect(isGenuine({ rawBody: Buffer.from(`${came?.body} `), headers }, secret)).toBe(false);

    const rotated = await product.ask(key, 'POST', `/webhooks/${id}/rotate-secret`);
    await product.ask(key, 'POST', `/webhooks/${id}/test`);
    const [, second] = await plain.until(2, '/foreign');
    for (const known of [secret, rotated.body.secret]) {
      const both = second?.headers as Record<string, string>;
      for (const library of [new Webhook(known), new SvixWebhook(known)])
        expect(library.verify(second?.body ?? '', both)).toMatchObject({ event: 'webhook.test' });
      expect(isGenuine({ rawBody: Buffer.from(second?.body ?? ''), headers: both }, known)).toBe(true);
    }
  });
});

async function passDaysUntil(
  product: Product,
  receiver: WebhookReceiver,
  wanted: { numeroInterne: string; etat: string },
): Promise<void> {
  for (let day = 0; day < 30; day++) {
    await control(product.sandbox, '/_sandbox/clock', { advanceSeconds: 86_400 });
    const found = await receiver
      .next(
        ({ event, data }) =>
          event === 'dossier.etat_changed' &&
          data['numeroInterne'] === wanted.numeroInterne &&
          data['after'] === wanted.etat,
        1500,
      )
      .catch(() => undefined);
    if (found) return;
  }
  throw new Error(`no webhook said ${wanted.etat}`);
}
