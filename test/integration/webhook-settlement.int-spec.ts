import { createHash, randomUUID } from 'node:crypto';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { readTenantHash } from '../../src/core/tenant.js';
import { EventLog } from '../../src/events/event-log.js';
import type { Sql } from '../../src/platform/database/database.js';
import { claimDeliveries, type ClaimedDelivery } from '../../src/webhooks/claim-deliveries.js';
import type { AttemptEntry } from '../../src/webhooks/delivery.repository.js';
import type { AfterAttempt } from '../../src/webhooks/next-attempt.js';
import { SettleAttempts } from '../../src/webhooks/settle-attempts.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const tenant = readTenantHash(createHash('sha256').update('a CFA').digest('hex'));
const claimRules = { perWebhook: 8, perSecond: null, breakerFailures: 4, orderedAttempts: 4, claimSeconds: 60 };
const hour = 3_600_000;
const rules = { breakerFailures: 4, probeMs: 1000, probeMaxMs: 1000, spreadMs: 12 * hour, disableAfterMs: 120 * hour };
const now = Date.parse('2026-11-28T12:00:00Z');

const taken: AttemptEntry = { at: new Date(now).toISOString(), status: 200, durationMs: 3, reason: null, answer: 'x' };
const refused: AttemptEntry = { ...taken, status: 500, reason: 'status' };
const delivered: AfterAttempt = { status: 'delivered' };
const again: AfterAttempt = { status: 'pending', retryInMs: 60_000 };

describe('the settlement of attempts', () => {
  let db: TestDatabase;
  let transactions = 0;
  let complaints: unknown[] = [];
  let settle: SettleAttempts;

  const sql = <Row extends object>(text: string, values: unknown[] = []) =>
    db.database.asSystem((one) => one.query<Row>(text, values));

  beforeAll(async () => {
    db = await createTestDatabase();
    await sql("INSERT INTO tenants (tenant_hash, nom, environment) VALUES ($1, 'CFA', 'test')", [tenant]);
  });
  afterAll(() => db?.drop());
  beforeEach(async () => {
    await sql('DELETE FROM webhooks');
    await sql('DELETE FROM events');
    [transactions, complaints] = [0, []];
    const database = {
      asSystem: <T>(work: (one: Sql) => Promise<T>) => {
        transactions += 1;
        return db.database.asSystem(work);
      },
    };
    const onError = (error: unknown) => complaints.push(error);
    const ports = { database, audit: new AuditTrail(), events: new EventLog(), random: () => 0.5, onError };
    settle = new SettleAttempts(rules, ports);
  });

  /** One claimed delivery at each of so many new webhooks. */
  async function claimed(webhooks: number, each = 1, columns: Readonly<Record<string, unknown>> = {}) {
    for (let n = 0; n < webhooks; n += 1) {
      const all = { id: randomUUID(), tenant_hash: tenant, url: 'https://cfa.example.org/', events: [], ...columns };
      const names = [...Object.keys(all), 'sealed_secret'];
      const values = [...Object.values(all), 'v1'];
      await sql(`INSERT INTO webhooks (${names.join()}) VALUES (${names.map((_, at) => `$${at + 1}`).join()})`, values);
    }
    await sql(
      `WITH told AS (
         INSERT INTO events (id, tenant_hash, opco_id, type, subject, data, sequence)
         SELECT gen_random_uuid(), $1, 'akto', 'job.completed', 'job:' || n, '{"n":1}', n FROM generate_series(1, $2::int) n
         RETURNING id, subject, sequence)
       INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence)
       SELECT $1, w.id, told.id, told.subject, told.sequence FROM webhooks w, told`,
      [tenant, each],
    );
    const found = await db.database.asSystem((one) => claimDeliveries(one, claimRules, { all: 999, others: 999 }));
    expect(found).toHaveLength(webhooks * each);
    return found;
  }

  const end = (delivery: ClaimedDelivery | undefined, entry = taken, after: AfterAttempt = delivered) => {
    if (!delivery) throw new Error('there is no such delivery');
    return settle.settle({ delivery, entry, after, endedAt: now });
  };
  const statusOf = async (delivery: ClaimedDelivery | undefined) => {
    const [row] = await sql<{ status: string; attempts: number; claimed: boolean }>(
      'SELECT status, attempts, claimed_until IS NOT NULL AS claimed FROM webhook_deliveries WHERE id = $1',
      [delivery?.id],
    );
    return row;
  };
  const failuresOf = async (delivery: ClaimedDelivery | undefined) => {
    const [row] = await sql<{ n: number }>('SELECT consecutive_failures AS n FROM webhooks WHERE id = $1', [
      delivery?.webhookId,
    ]);
    return row?.n;
  };
  /** Holds a row in another transaction until the answer is called. */
  async function hold(table: 'webhooks' | 'webhook_deliveries', id: string | undefined): Promise<() => Promise<void>> {
    let release = () => undefined as void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let over: Promise<void> = Promise.resolve();
    await new Promise<void>((held) => {
      over = db.database.asSystem(async (one) => {
        await one.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
        held();
        await released;
      });
    });
    return () => {
      release();
      return over;
    };
  }

  it('of those that end together is one transaction, and each is written as if it were alone', async () => {
    const all = await claimed(60);
    const outcomes = all.map((one, at) => (at % 2 ? end(one, refused, again) : end(one)));
    expect(await Promise.all(outcomes)).toEqual(all.map(() => true));
    expect(transactions).toBe(1);
    const rows = await sql<{ status: string; n: number; failures: number }>(
      `SELECT d.status, count(*)::int AS n, sum(w.consecutive_failures)::int AS failures
       FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
       WHERE d.attempts = 1 AND d.claimed_until IS NULL AND jsonb_array_length(d.attempt_log) = 1
         AND d.last_status = CASE WHEN d.status = 'delivered' THEN 200 ELSE 500 END
         AND (d.delivered_at IS NOT NULL) = (d.status = 'delivered') AND (d.next_attempt_at > now()) = (d.status = 'pending')
       GROUP BY d.status ORDER BY d.status`,
    );
    expect(rows).toEqual([
      { status: 'delivered', n: 30, failures: 0 },
      { status: 'pending', n: 30, failures: 30 },
    ]);
    expect(complaints).toEqual([]);
  });

  it('waits for no company: a lone one leaves at once', async () => {
    const [one, other] = await claimed(2);
    expect(await end(one)).toBe(true);
    expect(await end(other)).toBe(true);
    expect(transactions).toBe(2);
  });

  it('that cannot be written costs nobody else theirs, and is left to its claim', async () => {
    const all = await claimed(5);
    const outcomes = all.map((one, at) => end(one, at === 2 ? { ...taken, answer: 'never \u0000 in jsonb' } : taken));
    const ended = await Promise.allSettled(outcomes);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await Promise.all(all.map(statusOf))).toEqual(
      all.map((_, at) =>
        at === 2
          ? { status: 'pending', attempts: 0, claimed: true }
          : { status: 'delivered', attempts: 1, claimed: false },
      ),
    );
    expect(complaints).toHaveLength(1);
  });

  it.each(['webhooks', 'webhook_deliveries'] as const)('passes over what somebody holds in %s', async (table) => {
    const all = await claimed(4);
    const [held, ...others] = all;
    const release = await hold(table, table === 'webhooks' ? held?.webhookId : held?.id);
    const waiting = end(held, refused, again);
    expect(await Promise.all(others.map((one) => end(one)))).toEqual([true, true, true]);
    expect(await statusOf(held)).toEqual({ status: 'pending', attempts: 0, claimed: true });
    await release();
    expect(await waiting).toBe(true);
    expect(await statusOf(held)).toEqual({ status: 'pending', attempts: 1, claimed: false });
    expect(await failuresOf(held)).toBe(1);
    // Nobody's lock ran out of patience either.
    expect(complaints).toEqual([]);
  });

  it('writes nothing for a delivery that moved on, nor of its webhook, and the others as ever', async () => {
    const [settled, cancelled, deleted, sound] = await claimed(4);
    // Its claim ran out, and another process has made the attempt.
    await sql('UPDATE webhook_deliveries SET attempts = 1 WHERE id = $1', [settled?.id]);
    await sql("UPDATE webhook_deliveries SET status = 'cancelled' WHERE id = $1", [cancelled?.id]);
    await sql('DELETE FROM webhooks WHERE id = $1', [deleted?.webhookId]);
    const failed = [settled, cancelled, deleted].map((one) => end(one, refused, again));
    expect(await Promise.all([...failed, end(sound)])).toEqual([false, false, false, true]);
    expect(await statusOf(settled)).toEqual({ status: 'pending', attempts: 1, claimed: true });
    expect(await statusOf(cancelled)).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect([await failuresOf(settled), await failuresOf(cancelled)]).toEqual([0, 0]);
    expect(await statusOf(sound)).toMatchObject({ status: 'delivered' });
  });

  it('counts the attempts at one webhook in the order in which they ended', async () => {
    const all = await claimed(2, 3, { consecutive_failures: 2 });
    const of = (webhookId: string | undefined) => all.filter((one) => one.webhookId === webhookId);
    const healed = of(all[0]?.webhookId);
    const failing = of(all.find((one) => one.webhookId !== all[0]?.webhookId)?.webhookId);
    await Promise.all([
      end(healed[0], refused, again),
      end(failing[0]),
      end(healed[1], refused, again),
      end(failing[1], refused, again),
      end(healed[2]),
      end(failing[2], refused, again),
    ]);
    expect(transactions).toBe(1);
    expect([await failuresOf(healed[0]), await failuresOf(failing[0])]).toEqual([0, 2]);
  });

  it('spares a webhook whose failures came together', async () => {
    const all = await claimed(1, 4);
    await Promise.all(all.map((one) => end(one, refused, again)));
    const [row] = await sql('SELECT consecutive_failures AS n, next_probe_at > now() AS spared FROM webhooks');
    expect(row).toEqual({ n: 4, spared: true });
  });

  it.each([
    ['gone', { ...refused, status: 410, reason: 'gone' as const }, {}],
    ['failing', refused, { consecutive_failures: 3, failing_since: new Date(0), patience_since: new Date(0) }],
  ])('disables a webhook that is %s once, among others that go on', async (reason, entry, health) => {
    const [lost] = await claimed(1, 2, health);
    const sound = await claimedBeside();
    const outcomes = [end(lost, entry, { status: 'failed' }), ...sound.map((one) => end(one))];
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => true));
    expect(await sql('SELECT disabled_reason FROM webhooks WHERE status = $1', ['disabled'])).toEqual([
      { disabled_reason: reason },
    ]);
    expect(await sql("SELECT data->>'reason' AS reason FROM events WHERE type = 'webhook.disabled'")).toEqual([
      { reason },
    ]);
    const rows = await sql('SELECT status FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY sequence', [
      lost?.webhookId,
    ]);
    expect(rows).toEqual([{ status: 'failed' }, { status: 'cancelled' }]);
    expect(await Promise.all(sound.map(statusOf))).toMatchObject(sound.map(() => ({ status: 'delivered' })));
  });

  /** Two more webhooks, each with a claimed delivery of the events that are there. */
  async function claimedBeside(): Promise<ClaimedDelivery[]> {
    await sql(
      `WITH more AS (
         INSERT INTO webhooks (id, tenant_hash, url, events, sealed_secret)
         SELECT gen_random_uuid(), $1, 'https://cfa.example.org/', '{}', 'v1' FROM generate_series(1, 2) RETURNING id)
       INSERT INTO webhook_deliveries (tenant_hash, webhook_id, event_id, subject, sequence)
       SELECT $1, more.id, e.id, e.subject, e.sequence FROM more, events e WHERE e.sequence = 1`,
      [tenant],
    );
    return db.database.asSystem((one) => claimDeliveries(one, claimRules, { all: 9, others: 9 }));
  }
});
