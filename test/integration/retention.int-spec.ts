import { randomUUID } from 'node:crypto';
import { fail } from '../../src/core/errors.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { RetentionRepository, type Purged, type RetentionRules } from '../../src/queue/retention.repository.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend, breaksBeforeSend } from '../support/a-scripted-opco.js';

const rules: RetentionRules = {
  ...{ completedDays: 7, failedDays: 30, cancelledDays: 30, reviewDays: 90 },
  ...{ resultDays: 90, claimDays: 30, jobDays: 365 },
};

describe('what is kept of a deposit, and for how long', () => {
  let queue: TestQueue;
  const tenant = aTenant();
  const actor = { tenant, requestId: randomUUID() };
  let rank = 0;

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
  });
  afterEach(() => queue.close());

  const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
    queue.db.database.asSystem((sql) => sql.query<Row>(text, values));
  const retention = (batch?: number) => new RetentionRepository(queue.db.database, new AuditTrail(), rules, batch);
  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'opco-ep', jobId);
  const count = async (from: string) => (await run<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`))[0]?.n;

  async function ended(status: string, act = accepts(), over = {}): Promise<string> {
    queue.opco.acts = [act];
    const { jobId } = await queue.accept.accept(aDeposit(tenant, over, rank++));
    queue.work({ maxAttempts: 1 }).start();
    await until(async () => (await view(jobId)).status === status);
    return jobId;
  }
  /** Time passes for everything but the clock. */
  async function daysPass(days: number): Promise<void> {
    const past = (columns: string[]) =>
      columns.map((column) => `${column} = ${column} - $1 * interval '1 day'`).join(', ');
    await run(`UPDATE jobs SET ${past(['created_at', 'updated_at', 'completed_at'])}`, [days]);
    await run(`UPDATE job_results SET ${past(['created_at'])}`, [days]);
    await run(`UPDATE idempotency_claims SET ${past(['created_at'])}`, [days]);
  }
  async function aFile() {
    const staging = queue.files.stage(tenant.hash);
    await staging.add(
      'contrat.pdf',
      (async function* () {
        yield Buffer.from('%PDF-CANARI');
      })(),
    );
    return staging.staged();
  }

  it('is all of it before its time', async () => {
    await ended('completed');
    await daysPass(6.99);
    expect(Object.values(await retention().purge())).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('is the result but neither payload nor file a week after success, and a repeat is still a duplicate', async () => {
    const staged = await aFile();
    const deposit = { staged, idempotencyKey: 'k-1' };
    const before = rank;
    const jobId = await ended('completed', accepts('4711'), deposit);
    await daysPass(7.01);
    expect(await retention().purge()).toMatchObject({ payloads: 1, files: 1, keys: 0, results: 0, claims: 0 });
    expect(await count('deposit_file_pieces')).toBe(0);
    expect(await count('jobs WHERE payload IS NOT NULL')).toBe(0);
    const seen = await view(jobId);
    expect(seen).toMatchObject({ status: 'completed', outcome: 'applied', result: { numeroInterne: '4711' } });
    expect(seen.purgedAt).toBeDefined();
    expect(seen.timeline.length).toBeGreaterThan(1);
    expect(await queue.accept.accept(aDeposit(tenant, deposit, before))).toEqual({ jobId, status: 'duplicate' });
  });

  it('is a tombstone without any key once the result is gone as well, then nothing', async () => {
    const jobId = await ended('completed');
    await daysPass(91);
    expect(await retention().purge()).toEqual({ payloads: 1, files: 0, results: 1, keys: 1, claims: 1, jobs: 0 });
    expect(await count('data_keys')).toBe(0);
    const seen = await view(jobId);
    expect(seen).toMatchObject({ status: 'completed', outcome: 'applied' });
    expect(seen).not.toHaveProperty('result');
    await daysPass(300);
    expect(await retention().purge()).toMatchObject({ jobs: 1 });
    expect(await count('job_attempts')).toBe(0);
    await expect(view(jobId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lasts a month after a failure, so that it can be brought back, and then not any more', async () => {
    const jobId = await ended('failed', breaksBeforeSend);
    await daysPass(29);
    await retention().purge();
    queue.opco.acts = [accepts()];
    expect(await queue.jobs.retry(actor, 'opco-ep', jobId)).toMatchObject({ status: 'pending' });
    await until(async () => (await view(jobId)).status === 'completed');
    const other = await ended('failed', breaksBeforeSend);
    await daysPass(31);
    await retention().purge();
    const seen = await view(other);
    expect(seen).toMatchObject({ status: 'failed' });
    expect(seen).not.toHaveProperty('error');
    await expect(queue.jobs.retry(actor, 'opco-ep', other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('never touches what is not over, however old: neither content nor claim', async () => {
    const { jobId } = await queue.accept.accept(aDeposit(tenant, { idempotencyKey: 'k-old' }, rank++));
    await daysPass(4000);
    expect(Object.values(await retention().purge())).toEqual([0, 0, 0, 0, 0, 0]);
    expect((await view(jobId)).status).toBe('pending');
  });

  it('keeps an unresolved review for ninety days, and its claim and state for as long as nobody resolves it', async () => {
    queue.opco.shown = { rows: fail('NOT_SUPPORTED'), objects: new Map() };
    const jobId = await ended('needs_review', breaksAfterSend);
    await daysPass(89);
    expect(await retention().purge()).toMatchObject({ payloads: 0, claims: 0 });
    await daysPass(2);
    expect(await retention().purge()).toMatchObject({ payloads: 1, keys: 1, claims: 0 });
    await daysPass(4000);
    expect(await retention().purge()).toMatchObject({ claims: 0, jobs: 0 });
    expect(await view(jobId)).toMatchObject({ status: 'needs_review', outcome: 'unknown' });
  });

  it('goes batch by batch, in two instances at once, each row once, with its trace', async () => {
    for (let made = 0; made < 7; made++) {
      const { jobId } = await queue.accept.accept(aDeposit(tenant, {}, rank++));
      await queue.jobs.cancel(actor, 'opco-ep', jobId);
    }
    await daysPass(31);
    const [first, second] = await Promise.all([retention(2).purge(), retention(2).purge()]);
    const rest: Purged[] = [];
    do rest.push(await retention(2).purge());
    while (rest.at(-1)?.payloads);
    const payloads = [first, second, ...rest].reduce((sum, purged) => sum + (purged?.payloads ?? 0), 0);
    expect(payloads).toBe(7);
    const traced = await run<{ n: number }>(
      "SELECT sum((details->>'payloads')::int)::int AS n FROM audit_logs WHERE action = 'jobs.purged'",
    );
    expect(traced).toEqual([{ n: 7 }]);
    expect(await count('data_keys')).toBe(0);
  });

  it('passes over a job that is being brought back at this moment', async () => {
    const jobId = await ended('failed', breaksBeforeSend);
    await daysPass(31);
    await queue.db.database.asTenant(tenant.hash, async (sql) => {
      await sql.query("UPDATE jobs SET status = 'pending', completed_at = NULL WHERE id = $1", [jobId]);
      expect(await retention().purge()).toMatchObject({ payloads: 0, claims: 0 });
    });
    expect(await retention().purge()).toMatchObject({ payloads: 0, claims: 0 });
  });
});
