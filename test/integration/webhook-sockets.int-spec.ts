import { eventually, WebhookApp } from '../support/webhook-app.js';

describe('the sockets of a process', () => {
  let app: WebhookApp;

  beforeAll(async () => {
    app = await WebhookApp.create({
      OPCOVIA_WEBHOOK_SOCKETS: 4,
      OPCOVIA_WEBHOOK_TIMEOUT_SECONDS: 8,
      OPCOVIA_WEBHOOK_SCHEDULE_MS: '0,60000',
    });
  });
  afterAll(() => app?.dispose());

  it('are never all held by receivers that hang: half of them are kept for the first attempt at a sound one', async () => {
    const [hanging, sound] = [await app.aTenant(), await app.aTenant()];
    app.receiver.answer = ({ path }) => (path === '/hangs' ? 'hang' : 200);
    await app.subscribe(hanging, '/hangs');
    const { id } = await app.subscribe(sound, '/sound');
    await app.publish(hanging, ...Array.from({ length: 8 }, (_, n) => ({ subject: `job:hangs-${n}` })));
    await app.receiver.until(3, '/hangs');
    const begun = performance.now();
    await app.publish(sound, { subject: 'job:sound' });
    await app.receiver.until(1, '/sound');
    // Long before any of those that hang is given up.
    expect(performance.now() - begun).toBeLessThan(4000);
    await eventually(
      () => app.log.list(sound, id, { limit: 1 }),
      ({ data }) => data[0]?.status === 'delivered',
    );
    // As many rounds have passed since as the sound one took: the fourth socket is still not theirs.
    expect(app.receiver.at('/hangs')).toHaveLength(3);
  });
});
