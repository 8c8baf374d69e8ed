import { Webhook } from 'standardwebhooks';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';
import { type Product, startProduct } from '../support/product.js';
import { type Received, WebhookReceiver } from '../support/webhook-receiver.js';

describe('opcovia listen', () => {
  const receiver = new WebhookReceiver();
  const started: BuiltProcess[] = [];
  let port: number;
  let product: Product;
  let key: string;

  const listen = (apiKey: string, ...args: string[]): BuiltProcess => {
    const one = runBuilt('main.cli.js', { OPCOVIA_API_KEY: apiKey }, ['listen', ...args]);
    started.push(one);
    return one;
  };
  const toProduct = () => ['--url', product.opcovia.apiUrl ?? ''];
  const interrupted = (one: BuiltProcess) => {
    one.child.kill('SIGINT');
    return one.ended;
  };
  const told = ({ body }: Received) => JSON.parse(body) as { event: string; sequence: number };

  beforeAll(async () => {
    port = await receiver.listen();
    product = await startProduct({ OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}` });
    key = await product.newTenant('CFA qui écoute');
  });

  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await product.stop();
    await receiver.close();
  });

  it('hands on what a webhook would bring: the same bytes, signed, in order, again when refused', async () => {
    const created = await product.ask(key, 'POST', '/webhooks', {
      body: { url: `http://127.0.0.1:${port}/real`, events: ['webhook.test', 'job.completed'] },
    });
    await product.ask(key, 'POST', `/webhooks/${created.body.id}/test`);
    await receiver.until(1, '/real');
    const one = listen(key, ...toProduct(), '--forward', `http://127.0.0.1:${port}/hook`);
    await one.until("À l'écoute après le n° 1.");
    const [, secret = ''] = /secret de cette session : (whsec_\S+)/.exec(one.printed()) ?? [];
    receiver.answer = ({ path }) => (path === '/hook' && receiver.at('/hook').length === 1 ? 500 : 200);

    const deposit = await product.ask(key, 'POST', '/akto/dossiers', { body: { cerfa: exampleCerfa() } });
    expect(deposit.status).toBe(202);
    await product.ask(key, 'POST', `/webhooks/${created.body.id}/test`);
    const real = (await receiver.until(3, '/real')).slice(1);
    const [refused, ...taken] = await receiver.until(3, '/hook');

    for (const { body, headers } of [refused as Received, ...taken]) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        sequence: told({ body } as Received).sequence,
      });
      const same = real.find((each) => each.body === body);
      expect(same?.headers['webhook-id']).toBe(headers['webhook-id']);
      expect(Object.keys(headers).sort()).toEqual(Object.keys(same?.headers ?? {}).sort());
      for (const name of ['content-type', 'user-agent', 'accept-encoding', 'opcovia-event'])
        expect(headers[name]).toBe(same?.headers[name]);
    }
    expect(taken[0]?.body).toBe(refused?.body);
    expect((taken[0]?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(taken.map((each) => told(each).sequence)).toEqual([2, 3]);
    expect(taken.map((each) => told(each).event).sort()).toEqual(['job.completed', 'webhook.test']);

    await one.until('200 en');
    expect(one.printed()).toMatch(/500 en \d+ ms, nouvel essai dans 1 s/);
    expect(one.printed()).toMatch(
      /n° \d {2}\S+ {2}job\.completed {2}akto {2}dépôt dossiers \S+ pris en compte, dossier \S+/,
    );
    expect(await interrupted(one)).toBe(0);
    expect(one.printed()).toMatch(/Arrêt\. Pour reprendre : --after \d/);
    expect(one.printed()).not.toMatch(new RegExp(`${key}|ANOMALIE|Attention`));
  });

  it('goes on from a number, shows the wanted types only, and misses none for that', async () => {
    const one = listen(key, ...toProduct(), '--after', '0', '--types', 'job.completed', '--opco', 'akto');
    await one.until('pris en compte');
    expect(await interrupted(one)).toBe(0);
    expect(one.printed()).toContain('job.completed');
    expect(one.printed()).not.toMatch(/webhook\.test|ANOMALIE/);
  });

  it('says what retention took, and a number that never came', async () => {
    const event = { event: 'webhook.test', opcoId: 'opcovia', timestamp: '2026-01-02T03:04:05.678Z', id: 'x' };
    const data = [6, 9].map((sequence) => ({ ...event, data: { webhookId: 'w' }, sequence }));
    receiver.answer = ({ path }) => {
      const page = path.startsWith('/behind/events?after=2&')
        ? { data, nextCursor: null, upTo: 9, missed: 3 }
        : { data: [], nextCursor: null, upTo: 9, missed: 0 };
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(page) };
    };
    const one = listen(key, '--url', `http://127.0.0.1:${port}/behind/`, '--after', '2');
    await one.until('n° 9');
    expect(one.printed()).toContain('3 événement(s) ont dépassé leur durée de conservation');
    expect(one.printed()).toContain('ANOMALIE : 2 événement(s) manquent dans le flux entre les n° 3 et 9');
    expect(await interrupted(one)).toBe(0);
    expect(one.printed()).toContain('--after 9');
  });

  it('gives up a receiver that is gone, and stops while it waits for one that does not answer', async () => {
    receiver.answer = ({ path }) => (path === '/gone' ? 410 : 'hang');
    const gone = listen(key, ...toProduct(), '--after', '0', '--forward', `http://localhost:${port}/gone`);
    await gone.until('410');
    await gone.until('un vrai webhook serait désactivé');
    expect(await interrupted(gone)).toBe(0);
    const mute = listen(key, ...toProduct(), '--after', '1', '--forward', `http://127.0.0.1:${port}/mute`);
    await receiver.until(1, '/mute');
    expect(await interrupted(mute)).toBe(0);
    expect(mute.printed()).toContain('Arrêt. Pour reprendre : --after 1');
  });

  it('refuses an unknown key in one sentence', async () => {
    const one = listen('opv_test_inconnue', ...toProduct());
    expect(await one.ended).toBe(1);
    expect(one.printed()).toContain('Opcovia refuse la clé de OPCOVIA_API_KEY.');
    expect(one.printed()).not.toContain('opv_test_inconnue');
  });
});
