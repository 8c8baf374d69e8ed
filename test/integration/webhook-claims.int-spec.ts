import { createHash, randomUUID } from 'node:crypto';
import { readTenantHash } from '../../src/core/tenant.js';
import { claimDeliveries, type ClaimRules, type FreeSlots } from '../../src/webhooks/claim-deliveries.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const tenant = readTenantHash(createHash('sha256').update('a CFA').digest('hex'));
const rules: ClaimRules = { perWebhook: 8, perSecond: null, breakerFailures: 10, orderedAttempts: 4, claimSeconds: 15 };
const plenty = { all: 1000, others: 1000 };

/** What is owed to a webhook, one event a line. */
interface Owed {
  readonly subject?: string;
  readonly attempts?: number;
  readonly runFrom?: number;
  readonly inSeconds?: number;
}

describe('the claim of deliveries', () => {
  let db: TestDatabase;
  let sequence = 0;

  const sql = <Row extends object>(text: string, values: unknown[] = []) =>
    db.database.asSystem((one) => one.query<Row>(text, values));
  const claim = (free: FreeSlots = plenty, more: Partial<ClaimRules> = {}) =>
    db.database.asSystem((one) => claimDeliveries(one, { ...rules, ...more }, free));

  beforeAll(async () => {
    db = await createTestDatabase();
    await sql("INSERT INTO tenants (tenant_hash, nom, environment) VALUES ($1, 'CFA', 'test')", [tenant]);
  });
  afterAll(() => db?.drop());
  beforeEach(() => sql('DELETE FROM webhooks'));

  async function aWebhook(
    columns: Readonly<Record<string, unknown>> = {},
    owed: readonly Owed[] = [],
  ): Promise<string> {
    const id = randomUUID();
    const all = {
      id,
      tenant_hash: tenant,
      url: 'https://cfa.example.org/',
      events: [],
      sealed_secret: 'v1',
      ...columns,
    };
    const places = Object.keys(all).map((_, at) => `$${at + 1}`);
    await sql(`INSERT INTO webhooks (${Object.keys(all).join()}) VALUES (${places.join()})`, Object.values(all));
    for (const one of owed) await owe(id, one);
    return id;
  }

  async function owe(webhookId: string, { subject, attempts = 0, runFrom = 0, inSeconds = 0 }: Owed): Promise<void> {
    const event = randomUUID();
    const number = ++sequence;
    const about = subject ?? `job:${number}`;
    await sql(
      `INSERT INTO events (id, tenant_hash, opco_id, type, subject, data, sequence) VALUES ($1, $2, 'akto', 'job.completed', $3, '{}', $4)`,
      [event, tenant, about, number],
    );
    await sql(
      `INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence, attempts, run_from, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')`,
      [tenant, webhookId, event, about, number, attempts, runFrom, inSeconds],
    );
  }

  const events = (count: number, one: Owed = {}) => Array.from({ length: count }, () => one);
  const soon = new Date(Date.now() + 3_600_000);

  it('gives a webhook no more at a time than it asked for, nor than the installation allows', async () => {
    await aWebhook({ concurrency: 2 }, events(5));
    await aWebhook({ concurrency: 100 }, events(12));
    expect(await claim()).toHaveLength(10);
    expect(await claim()).toEqual([]);
  });

  it('exceeds no limit when several processes claim at once', async () => {
    await aWebhook({ concurrency: 3 }, events(20));
    await aWebhook({ max_per_second: 4 }, events(20));
    const claimed = (await Promise.all(events(8).map(() => claim()))).flat();
    const counts = new Map<string, number>();
    for (const { webhookId } of claimed) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    expect([...counts.values()].sort()).toEqual([3, 4]);
    expect(new Set(claimed.map(({ id }) => id)).size).toBe(claimed.length);
  });

  it('gives a webhook its number of attempts a second, then the same again in the next', async () => {
    const id = await aWebhook({ max_per_second: 3 }, events(10));
    expect(await claim()).toHaveLength(3);
    expect(await claim()).toEqual([]);
    await sql("UPDATE webhooks SET rate_window_at = now() - interval '0.9 seconds' WHERE id = $1", [id]);
    expect(await claim()).toEqual([]);
    await sql("UPDATE webhooks SET rate_window_at = now() - interval '1 second' WHERE id = $1", [id]);
    expect(await claim()).toHaveLength(3);
    await sql("UPDATE webhooks SET rate_window_at = now() - interval '1 second' WHERE id = $1", [id]);
    expect(await claim(plenty, { perSecond: 1 })).toHaveLength(1);
  });

  it('spares a webhook that only fails: nothing before its time, then one probe at a time', async () => {
    const id = await aWebhook({ consecutive_failures: 10, next_probe_at: soon }, events(5));
    expect(await claim()).toEqual([]);
    await sql('UPDATE webhooks SET next_probe_at = now() WHERE id = $1', [id]);
    expect(await claim()).toMatchObject([{ probe: true, preferred: false }]);
    expect(await claim()).toEqual([]);
  });

  it('serves sound webhooks first, each its first before any its second, and leaves half of the sockets to those', async () => {
    const failing = await Promise.all(events(10).map(() => aWebhook({ consecutive_failures: 1 }, events(3))));
    const sound = await Promise.all(events(3).map(() => aWebhook({}, events(3))));
    const first = await claim({ all: 6, others: 3 });
    const of = (ids: readonly string[]) => first.filter(({ webhookId }) => ids.includes(webhookId));
    expect(
      new Set(
        of(sound)
          .filter(({ preferred }) => preferred)
          .map(({ webhookId }) => webhookId),
      ).size,
    ).toBe(3);
    expect([of(sound).length, of(failing).length]).toEqual([6, 0]);
    const second = await claim({ all: 100, others: 4 });
    expect(second.every(({ preferred }) => !preferred)).toBe(true);
    expect(second).toHaveLength(4);
    // Three of the sound ones waited still: they come before what fails.
    expect(second.filter(({ webhookId }) => sound.includes(webhookId))).toHaveLength(3);
  });

  it('keeps the order of a subject through its ordered attempts, and holds it again for a replay', async () => {
    const blocked = await aWebhook({}, [{ subject: 'a', attempts: 3, inSeconds: 60 }, { subject: 'a' }]);
    expect(await claim()).toEqual([]);
    await sql('UPDATE webhook_deliveries SET attempts = 4 WHERE webhook_id = $1 AND attempts = 3', [blocked]);
    expect(await claim()).toHaveLength(1);
    await aWebhook({}, [{ subject: 'b', attempts: 12, runFrom: 12, inSeconds: 60 }, { subject: 'b' }]);
    expect(await claim()).toEqual([]);
  });

  it.each(['paused', 'disabled', 'unverified'])('gives nothing to a webhook that is %s', async (status) => {
    await aWebhook({ status }, events(2));
    expect(await claim()).toEqual([]);
  });

  it('finds its way through the indexes among 500 webhooks of which a fifth is dead', async () => {
    await sql(
      `INSERT INTO webhooks (id, tenant_hash, url, events, sealed_secret, consecutive_failures, next_probe_at)
       SELECT gen_random_uuid(), $1, 'https://cfa.example.org/', '{}', 'v1', CASE WHEN n % 5 = 0 THEN 20 ELSE 0 END,
              CASE WHEN n % 5 = 0 THEN now() + interval '1 hour' END FROM generate_series(1, 500) n`,
      [tenant],
    );
    await sql(
      `INSERT INTO events (id, tenant_hash, opco_id, type, subject, data, sequence)
       SELECT gen_random_uuid(), $1, 'akto', 'job.completed', 'many:' || n, '{}', 1000000 + n FROM generate_series(1, 400) n`,
      [tenant],
    );
    // A dead one has all of them waiting, a sound one has had most.
    await sql(
      `INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence, status)
       SELECT w.tenant_hash, w.id, e.id, e.subject, e.sequence,
              CASE WHEN w.consecutive_failures > 0 OR e.sequence > 1000398 THEN 'pending' ELSE 'delivered' END
       FROM webhooks w JOIN events e ON e.subject LIKE 'many:%' WHERE w.consecutive_failures > 0 OR e.sequence > 1000300`,
    );
    await sql('ANALYZE webhook_deliveries').catch(() => undefined);
    const before = performance.now();
    const claimed = await claim({ all: 256, others: 128 });
    const took = performance.now() - before;
    expect(claimed).toHaveLength(256);
    expect(claimed.every(({ probe }) => !probe)).toBe(true);
    // A walk through what the dead have waiting would take several times as long on any machine.
    expect(took).toBeLessThan(1500);
    process.stdout.write(`claim of 256 among 500 webhooks, 40 000 waiting at dead ones: ${took.toFixed(1)} ms\n`);
  });
});
