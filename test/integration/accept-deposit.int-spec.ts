import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { OpcoviaError } from '../../src/core/errors.js';
import { runtimeOptions } from '../../src/platform/database/data-source.js';
import { Database } from '../../src/platform/database/database.js';
import { StatementNames } from '../../src/platform/database/statement-names.js';
import type { DepositToAccept } from '../../src/queue/accept-columns.js';
import { AcceptDeposit } from '../../src/queue/accept-deposit.js';
import { aDeposit, aQueue, aTenant, type TestQueue } from '../support/a-queue.js';

describe('the acceptance of deposits', () => {
  let queue: TestQueue;
  const tenant = aTenant();

  beforeAll(async () => {
    queue = await aQueue();
  });
  afterAll(() => queue.close());

  const accept = (over: Partial<DepositToAccept> = {}, rank = 0) =>
    queue.accept.accept(aDeposit(over.tenant ?? tenant, over, rank));
  const count = async (table: string, jobId: string) => {
    const column = table === 'jobs' ? 'id' : 'job_id';
    const rows = await queue.db.database.asSystem((sql) =>
      sql.query(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [jobId]),
    );
    return rows.length;
  };

  it('commits job, sealed payload, claim and due time together', async () => {
    const { jobId, status } = await accept({ idempotencyKey: 'k-commit' });
    expect(status).toBe('pending');
    for (const table of ['jobs', 'idempotency_claims', 'job_outbox']) expect(await count(table, jobId)).toBe(1);
    const [row] = await queue.db.database.asSystem((sql) =>
      sql.query<{ all: string }>('SELECT row_to_json(jobs)::text AS all FROM jobs WHERE id = $1', [jobId]),
    );
    expect(row?.all).not.toMatch(/Martin|ecole\.example/);
  });

  it('answers a repeated key by the first job, bare or quoted, and refuses it for another content', async () => {
    const first = await accept({ idempotencyKey: 'k-1' });
    expect(await accept({ idempotencyKey: 'k-1' })).toEqual({ jobId: first.jobId, status: 'duplicate' });
    await expect(accept({ idempotencyKey: 'k-1' }, 1)).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    await expect(accept({ idempotencyKey: 'k-1', opcoId: 'akto' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  });

  it('makes one job of a hundred concurrent deposits with one key', async () => {
    const tickets = await Promise.all(Array.from({ length: 100 }, () => accept({ idempotencyKey: 'k-100' })));
    expect(new Set(tickets.map(({ jobId }) => jobId)).size).toBe(1);
    expect(tickets.filter(({ status }) => status === 'pending')).toHaveLength(1);
  });

  it('keeps the keys of two tenants apart', async () => {
    const other = aTenant();
    const ours = await accept({ idempotencyKey: 'k-scope' });
    const theirs = await accept({ idempotencyKey: 'k-scope', tenant: other }, 2);
    expect(theirs).toMatchObject({ status: 'pending' });
    expect(theirs.jobId).not.toBe(ours.jobId);
    await expect(queue.jobs.view(other.hash, 'opco-ep', ours.jobId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(queue.jobs.view(tenant.hash, 'akto', ours.jobId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(queue.jobs.view(tenant.hash, 'opco-ep', 'not-an-id')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('recognises the same content without a key while it is under way', async () => {
    const first = await accept({}, 3);
    expect(await accept({}, 3)).toEqual({ jobId: first.jobId, status: 'duplicate' });
    expect((await accept({}, 4)).jobId).not.toBe(first.jobId);
  });

  it('takes deposits of many tenants in one batch', async () => {
    const tenants = Array.from({ length: 30 }, aTenant);
    const tickets = await Promise.all(tenants.map((each) => accept({ tenant: each })));
    const views = await Promise.all(
      tickets.map(({ jobId }, index) => queue.jobs.view(tenants[index]?.hash ?? tenant.hash, 'opco-ep', jobId)),
    );
    expect(views.map(({ status }) => status)).toEqual(tenants.map(() => 'pending'));
  });

  it('lists by page, newest first, each job once', async () => {
    const mine = aTenant();
    const made: string[] = [];
    for (let rank = 0; rank < 5; rank++) made.unshift((await accept({ tenant: mine }, rank)).jobId);
    const first = await queue.jobs.list(mine.hash, 'opco-ep', { limit: 2 });
    const second = await queue.jobs.list(mine.hash, 'opco-ep', { limit: 2, cursor: first.nextCursor ?? '' });
    const third = await queue.jobs.list(mine.hash, 'opco-ep', { limit: 2, cursor: second.nextCursor ?? '' });
    expect([first, second, third].flatMap(({ data }) => data.map(({ jobId }) => jobId))).toEqual(made);
    expect(third.nextCursor).toBeNull();
    expect((await queue.jobs.list(mine.hash, 'opco-ep', { limit: 2, status: 'failed' })).data).toEqual([]);
    expect((await queue.jobs.list(mine.hash, 'opco-ep', { limit: 9, type: 'dossiers' })).data).toHaveLength(5);
    expect(() => queue.jobs.list(mine.hash, 'opco-ep', { limit: 2, cursor: 'nonsense' })).toThrow('VALIDATION_ERROR');
  });

  it("shows the rank among the tenant's own pending deposits", async () => {
    const mine = aTenant();
    const made = [];
    for (let rank = 0; rank < 3; rank++) made.push(await accept({ tenant: mine }, rank));
    const views = await Promise.all(made.map(({ jobId }) => queue.jobs.view(mine.hash, 'opco-ep', jobId)));
    expect(views.map(({ position }) => position)).toEqual([1, 2, 3]);
  });

  it('cancels what is pending, once', async () => {
    const mine = aTenant();
    const actor = { tenant: mine, requestId: randomUUID() };
    const { jobId } = await accept({ tenant: mine });
    expect(await queue.jobs.cancel(actor, 'opco-ep', jobId)).toMatchObject({
      status: 'cancelled',
      outcome: 'not_applied',
    });
    await expect(queue.jobs.cancel(actor, 'opco-ep', jobId)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await queue.attempts.claim(mine.hash, jobId, randomUUID())).toBeUndefined();
  });

  it('never commits what it refused while PostgreSQL was slow', async () => {
    const mine = aTenant();
    let wakeUp = () => undefined as void;
    const asleep = new Promise<void>((resolve) => (wakeUp = resolve));
    const { database } = queue.db;
    const calls: Promise<unknown>[] = [];
    const slow: ConstructorParameters<typeof AcceptDeposit>[0] = {
      call: <Row extends object>(text: string, values?: readonly unknown[]) => {
        const call = asleep.then(() => database.call<Row>(text, values ?? []));
        calls.push(call);
        return call;
      },
      asTenant: database.asTenant.bind(database),
    };
    const accepting = new AcceptDeposit(slow, queue.keys, () => undefined, { ms: 200, msPerMebibyte: 0 });
    const refused = [];
    // Four batches are under way at most: the fifth deposit waits.
    for (let rank = 0; rank < 5; rank++) {
      refused.push(accepting.accept(aDeposit(mine, {}, rank)).catch((error: OpcoviaError) => error.code));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(refused)).toEqual(Array.from({ length: 5 }, () => 'SERVICE_UNAVAILABLE'));
    wakeUp();
    await Promise.all(calls);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(4);
    await Promise.all(calls);
    expect((await queue.jobs.list(mine.hash, 'opco-ep', { limit: 9 })).data).toHaveLength(4);
  });

  it('reads the claim again when the answer of the commit was lost', async () => {
    const lossy = {
      call: async <Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]> => {
        await queue.db.database.call(text, values);
        return new Promise(() => undefined);
      },
      asTenant: queue.db.database.asTenant.bind(queue.db.database),
    };
    const accepting = new AcceptDeposit(lossy, queue.keys, () => undefined, { ms: 400, msPerMebibyte: 0 });
    const deposit = aDeposit(tenant, { idempotencyKey: 'k-lost' });
    const ticket = await accepting.accept(deposit);
    expect(ticket.status).toBe('pending');
    expect(await queue.accept.accept(deposit)).toEqual({ jobId: ticket.jobId, status: 'duplicate' });
  });

  it('says 503 with a time to come back, within three seconds, when PostgreSQL is away', async () => {
    const url = 'postgres://nobody:x@127.0.0.1:1/nothing';
    const pools = (['opcovia_app', 'opcovia_system'] as const).map(
      (role) => new DataSource(runtimeOptions(url, role, { poolSize: 1 })),
    );
    // The pools of a server that went away: connected to nothing.
    for (const pool of pools)
      (pool.driver as unknown as { master: unknown }).master = new (await import('pg')).default.Pool({
        connectionString: url,
      });
    const [app, system] = pools as [DataSource, DataSource];
    const accepting = new AcceptDeposit(new Database(app, system, new StatementNames()), queue.keys, () => undefined);
    const begun = performance.now();
    await expect(accepting.accept(aDeposit(tenant))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      details: { retryAfterSeconds: 5 },
    });
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
