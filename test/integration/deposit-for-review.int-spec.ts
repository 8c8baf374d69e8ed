import { randomUUID } from 'node:crypto';
import { fail } from '../../src/core/errors.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts, breaksAfterSend } from '../support/a-scripted-opco.js';

describe('a deposit that waits for a person', () => {
  let queue: TestQueue;
  const tenant = aTenant();
  let rank = 100;

  beforeAll(async () => {
    queue = await aQueue();
    queue.opco.shown = { rows: fail('NOT_SUPPORTED'), objects: new Map() };
    queue.work().start();
  });
  afterAll(() => queue.close());

  const actor = { tenant, requestId: randomUUID() };
  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'opco-ep', jobId);
  const ends = (jobId: string, status: string) =>
    until(async () => {
      const job = await view(jobId);
      return job.status === status && job;
    });
  const inReview = async () => {
    queue.opco.acts = [breaksAfterSend];
    const { jobId } = await queue.accept.accept(aDeposit(tenant, {}, (rank += 1)));
    await ends(jobId, 'needs_review');
    return { opcoId: 'opco-ep', jobId };
  };

  it('is completed by its word, once however often it is said', async () => {
    const name = await inReview();
    const resolution = { outcome: 'applied', numeroInterne: '99' } as const;
    for (let times = 0; times < 2; times++) {
      expect(await queue.jobs.resolve(actor, name, resolution)).toMatchObject({
        status: 'completed',
        outcome: 'applied',
        result: { numeroInterne: '99', resolved: true },
      });
    }
    const [events] = await queue.db.database.asSystem((sql) =>
      sql.query<{ n: number }>("SELECT count(*)::int AS n FROM events WHERE subject = $1 AND type = 'job.completed'", [
        `job:${name.jobId}`,
      ]),
    );
    expect(events?.n).toBe(1);
    const other = queue.jobs.resolve(actor, name, { outcome: 'not_applied', action: 'retry' });
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is sent again, or given up, when it found that nothing was taken', async () => {
    const again = await inReview();
    queue.opco.acts = [accepts('100')];
    expect(await queue.jobs.resolve(actor, again, { outcome: 'not_applied' })).toMatchObject({ status: 'pending' });
    expect(await ends(again.jobId, 'completed')).toMatchObject({ result: { numeroInterne: '100' } });
    const never = await inReview();
    expect(await queue.jobs.resolve(actor, never, { outcome: 'not_applied', action: 'cancel' })).toMatchObject({
      status: 'cancelled',
      outcome: 'not_applied',
    });
  });

  it('that was sent again and is in doubt anew is not settled by a repeated word: nobody has looked since', async () => {
    const name = await inReview();
    queue.opco.acts = [breaksAfterSend];
    const before = queue.opco.sent.length;
    await queue.jobs.resolve(actor, name, { outcome: 'not_applied' });
    const review = await ends(name.jobId, 'needs_review');
    expect(queue.opco.sent).toHaveLength(before + 1);
    for (const verified of [{}, { updatedAt: new Date(0).toISOString() }]) {
      const repeated = queue.jobs.resolve(actor, name, { outcome: 'not_applied', ...verified });
      await expect(repeated).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(queue.opco.sent).toHaveLength(before + 1);
    // Nor by what settled none of its reviews yet: from the second on, somebody says which one was looked at.
    const other = queue.jobs.resolve(actor, name, { outcome: 'not_applied', action: 'cancel' });
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT' });
    queue.opco.acts = [accepts('102')];
    await queue.jobs.resolve(actor, name, { outcome: 'not_applied', updatedAt: review.updatedAt });
    await ends(name.jobId, 'completed');
  });

  it('does not exist for another tenant, and is settled in no other state', async () => {
    const name = await inReview();
    const stranger = queue.jobs.resolve({ tenant: aTenant(), requestId: randomUUID() }, name, { outcome: 'applied' });
    await expect(stranger).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const wrong = queue.jobs.resolve(actor, name, { outcome: 'applied', action: 'retry' });
    await expect(wrong).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    queue.opco.acts = [accepts('101')];
    const { jobId } = await queue.accept.accept(aDeposit(tenant, {}, (rank += 1)));
    await ends(jobId, 'completed');
    const late = queue.jobs.resolve(actor, { opcoId: 'opco-ep', jobId }, { outcome: 'applied' });
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
