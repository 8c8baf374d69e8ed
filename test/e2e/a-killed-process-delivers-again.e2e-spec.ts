import { Client } from 'pg';
import { OwnProduct, type Running } from '../support/own-product.js';
import { ask, eventually } from '../support/product.js';
import { type Received, WebhookReceiver } from '../support/webhook-receiver.js';

const events = 12;
/** Any number that no other lock of the database uses. */
const gate = 7_203_900;

// reliability.md R2.2 (a): whoever dies between the answer of a receiver and the settlement loses nothing; twice is allowed, with the same id.
describe('a process that is killed between sending and settling', () => {
  const receiver = new WebhookReceiver();
  let own: OwnProduct;
  let running: Running;
  let owner: Client;
  let port: number;

  beforeAll(async () => {
    port = await receiver.listen();
    own = await OwnProduct.of('killed-delivery', {
      OPCOVIA_WEBHOOK_ALLOWED_NETWORKS: `127.0.0.1/32:${port}`,
      // No claim runs out by itself while this test looks on.
      OPCOVIA_WEBHOOK_TIMEOUT_SECONDS: '60',
      OPCOVIA_TICK_MS: '100',
    });
    running = await own.start();
    owner = new Client({ connectionString: own.services.databaseUrl });
    await owner.connect();
    await owner.query(`
      CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${gate}); RETURN NEW; END $$;
      CREATE TRIGGER gate BEFORE UPDATE ON webhook_deliveries FOR EACH ROW
        WHEN (NEW.status = 'delivered') EXECUTE FUNCTION wait_at_the_gate()`);
  });
  afterAll(async () => {
    await owner?.end();
    await own?.stop();
    await receiver.close();
  });

  const post = (path: string, body?: unknown) =>
    ask(`${running.url}${path}`, { method: 'POST', apiKey: running.apiKey, ...(body !== undefined && { body }) });
  const count = async (sql: string) => Number((await owner.query<{ n: number }>(sql)).rows[0]?.n);
  const idsOf = (requests: readonly Received[]) => requests.map((one) => String(one.headers['webhook-id'])).sort();

  it('sends all of them again under the same ids, and loses none', async () => {
    // The receiver answers; nobody can write it down.
    await owner.query('SELECT pg_advisory_lock($1)', [gate]);
    // Events of one webhook's test come one after the other: a webhook each.
    for (let n = 0; n < events; n += 1) {
      const made = await post('/webhooks', { url: `http://127.0.0.1:${port}/killed`, events: ['job.completed'] });
      expect(made.status).toBe(201);
      await post(`/webhooks/${made.body.id}/test`);
    }
    const first = await receiver.until(events, '/killed');
    const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = ${gate} AND NOT granted`;
    await eventually(
      () => count(waiting),
      (n) => n > 0,
    );
    running.process.child.kill('SIGKILL');
    await running.process.ended;
    await owner.query('SELECT pg_advisory_unlock($1)', [gate]);
    // The server learns of the death when it writes to the dead.
    await eventually(
      () =>
        count(
          'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        ),
      (n) => n === 0,
    );
    const pending = `SELECT count(*)::int AS n FROM webhook_deliveries WHERE status = 'pending'`;
    expect(await count(pending)).toBe(events);
    await owner.query("UPDATE webhook_deliveries SET claimed_until = now() WHERE status = 'pending'");
    running = await own.start();
    const all = await receiver.until(2 * events, '/killed');
    expect(idsOf(all.slice(events))).toEqual(idsOf(first));
    expect(new Set(idsOf(first)).size).toBe(events);
    expect(new Set(all.map(({ body }) => body)).size).toBe(events);
    const delivered = `SELECT count(*)::int AS n FROM webhook_deliveries WHERE status = 'delivered' AND attempts = 1`;
    await eventually(
      () => count(delivered),
      (n) => n === events,
    );
  });
});
