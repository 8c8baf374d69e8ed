import { randomUUID } from 'node:crypto';
import { EventLog } from '../../src/events/event-log.js';
import { JobRepository } from '../../src/queue/job.repository.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksBeforeSend } from '../support/a-scripted-opco.js';

describe('the retry of a failed job', () => {
  let queue: TestQueue;

  beforeEach(async () => {
    queue = await aQueue();
  });
  afterEach(() => queue.close());

  it('retries what failed, unless the same content was deposited anew', async () => {
    const mine = aTenant();
    const actor = { tenant: mine, requestId: randomUUID() };
    queue.opco.acts = [breaksBeforeSend];
    queue.work({ maxAttempts: 1 }).start();
    const { jobId } = await queue.accept.accept(aDeposit(mine));
    const at = (status: string) =>
      until(async () => (await queue.jobs.view(mine.hash, 'opco-ep', jobId)).status === status);
    await at('failed');
    queue.opco.acts = [accepts()];
    expect(await queue.jobs.retry(actor, 'opco-ep', jobId)).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await queue.accept.accept(aDeposit(mine))).toEqual({ jobId, status: 'duplicate' });
    await at('completed');
    await expect(queue.jobs.retry(actor, 'opco-ep', jobId)).rejects.toMatchObject({ code: 'CONFLICT' });

    queue.opco.acts = [breaksBeforeSend];
    const again = await queue.accept.accept(aDeposit(mine, {}, 7));
    await until(async () => (await queue.jobs.view(mine.hash, 'opco-ep', again.jobId)).status === 'failed');
    queue.opco.acts = [accepts()];
    const anew = await queue.accept.accept(aDeposit(mine, {}, 7));
    expect(anew.jobId).not.toBe(again.jobId);
    await expect(queue.jobs.retry(actor, 'opco-ep', again.jobId)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('takes the same content in anew after a retry that failed too', async () => {
    const mine = aTenant();
    queue.opco.acts = [breaksBeforeSend];
    queue.work({ maxAttempts: 1 }).start();
    const { jobId } = await queue.accept.accept(aDeposit(mine));
    const failedAt = async (attempt: number) => {
      const { status, timeline } = await queue.jobs.view(mine.hash, 'opco-ep', jobId);
      return status === 'failed' && timeline.filter(({ code }) => code === 'exhausted').length === attempt;
    };
    await until(() => failedAt(1));
    await queue.jobs.retry({ tenant: mine, requestId: randomUUID() }, 'opco-ep', jobId);
    await until(() => failedAt(2));
    const anew = await queue.accept.accept(aDeposit(mine));
    expect(anew).toMatchObject({ status: 'pending' });
    expect(anew.jobId).not.toBe(jobId);
  });

  it('does not take the claim from a job whose retry commits at the same moment', async () => {
    const mine = aTenant();
    const { jobId } = await queue.accept.accept(aDeposit(mine));
    await queue.db.database.asSystem((sql) =>
      sql.query("UPDATE jobs SET status = 'failed', outcome = 'not_applied' WHERE id = $1", [jobId]),
    );
    await queue.db.database.asSystem((sql) => sql.query('DELETE FROM job_outbox WHERE job_id = $1', [jobId]));
    let commit = () => undefined as void;
    const committing = new Promise<void>((resolve) => (commit = resolve));
    let reached = () => undefined as void;
    const lastStep = new Promise<void>((resolve) => (reached = resolve));
    const slow = { write: () => (reached(), committing) };
    const jobs = new JobRepository({
      ...{ database: queue.db.database, keys: queue.keys, audit: slow, events: new EventLog() },
      wake: () => undefined,
      committed: () => undefined,
    });
    const retried = jobs.retry({ tenant: mine, requestId: randomUUID() }, 'opco-ep', jobId);
    await lastStep;
    const again = queue.accept.accept(aDeposit(mine));
    await until(() =>
      queue.db.database
        .asSystem((sql) =>
          sql.query(
            `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database()`,
          ),
        )
        .then(({ length }) => length > 0),
    );
    commit();
    expect(await retried).toMatchObject({ status: 'pending' });
    expect(await again).toEqual({ jobId, status: 'duplicate' });
  });
});
