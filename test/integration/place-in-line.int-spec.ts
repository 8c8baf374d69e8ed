import { aDeposit, aQueue, aTenant, type TestQueue } from '../support/a-queue.js';
import { accepts } from '../support/a-scripted-opco.js';

describe('the place of a deposit in line', () => {
  let queue: TestQueue;
  const tenant = aTenant();

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
  });
  afterEach(() => queue.close());

  const run = (text: string, values: readonly unknown[] = []) =>
    queue.db.database.asSystem((sql) => sql.query<Record<string, unknown>>(text, values));
  const deposit = async (rank: number) => (await queue.accept.accept(aDeposit(tenant, {}, rank))).jobId;
  const view = (jobId: string) => queue.jobs.view(tenant.hash, 'opco-ep', jobId);
  const positions = (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await view(id)).position));
  const secondsTo = (eta: string | null | undefined) => (Date.parse(eta ?? '') - Date.now()) / 1000;

  /** Deposits of before, which ended one after the other. */
  async function endedEvery(seconds: number, count: number): Promise<void> {
    const ids: string[] = [];
    for (let rank = 0; rank < count; rank++) ids.push(await deposit(1000 + rank));
    await run(
      `UPDATE jobs SET status = 'completed', completed_at = now() - (n - 1) * $2 * interval '1 second',
         created_at = now() - (n * $2) * interval '1 second'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS i(id, n) WHERE jobs.id = i.id`,
      [ids, seconds],
    );
    await run('DELETE FROM job_outbox WHERE job_id = ANY($1)', [ids]);
  }

  it('is the order in which they are taken: deadlines before the others', async () => {
    const ids = [await deposit(1), await deposit(2), await deposit(3)];
    expect(await positions(ids)).toEqual([1, 2, 3]);
    await run("UPDATE job_outbox SET deadline = now() + interval '1 day' WHERE job_id = $1", [ids[2]]);
    expect(await positions(ids)).toEqual([2, 3, 1]);
  });

  it('is behind what is in BullMQ already, whatever its deadline, but not behind what is under way', async () => {
    const ids = [await deposit(1), await deposit(2), await deposit(3)];
    await run("UPDATE job_outbox SET deadline = now() + interval '1 hour' WHERE job_id = $1", [ids[2]]);
    await run('UPDATE job_outbox SET enqueued_at = now() WHERE job_id = $1', [ids[1]]);
    expect(await positions(ids)).toEqual([3, 1, 2]);
    await run("UPDATE jobs SET status = 'processing' WHERE id = $1", [ids[1]]);
    expect(await positions([ids[0] ?? '', ids[2] ?? ''])).toEqual([2, 1]);
  });

  it('does not count what waits for later, nor the deposits of others', async () => {
    const [first = '', second = ''] = [await deposit(1), await deposit(2)];
    await queue.accept.accept(aDeposit(aTenant(), {}, 3));
    await run("UPDATE job_outbox SET run_at = now() + interval '1 hour' WHERE job_id = $1", [first]);
    expect(await positions([first, second])).toEqual([2, 1]);
  });

  it('has no end in sight while nothing has ended of late', async () => {
    const id = await deposit(1);
    expect((await view(id)).eta).toBeNull();
    await endedEvery(4, 2);
    expect((await view(id)).eta).toBeNull();
  });

  it('ends at the pace at which deposits ended of late, one after the other', async () => {
    await endedEvery(4, 10);
    const ids = [await deposit(1), await deposit(2), await deposit(3)];
    const waits = await Promise.all(ids.map(async (id) => secondsTo((await view(id)).eta)));
    expect(waits.map((seconds) => Math.round(seconds / 4))).toEqual([1, 2, 3]);
  });

  it('does not take time in which nothing waited for slowness', async () => {
    const ids = [await deposit(1), await deposit(2), await deposit(3)];
    // Each was accepted two seconds before its end, minutes apart.
    await run(
      `UPDATE jobs SET status = 'completed', completed_at = now() - n * interval '2 minutes',
         created_at = now() - n * interval '2 minutes' - interval '2 seconds'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS i(id, n) WHERE jobs.id = i.id`,
      [ids],
    );
    await run('DELETE FROM job_outbox');
    expect(Math.round(secondsTo((await view(await deposit(4))).eta))).toBe(2);
  });

  it('ends after the moment that it waits for, and never says when nobody knows it', async () => {
    await endedEvery(2, 5);
    const id = await deposit(1);
    await run("UPDATE job_outbox SET run_at = now() + interval '100 seconds' WHERE job_id = $1", [id]);
    await run("UPDATE jobs SET pending_reason = 'quota' WHERE id = $1", [id]);
    expect(Math.round(secondsTo((await view(id)).eta))).toBe(102);
    await run("UPDATE jobs SET pending_reason = 'credentials' WHERE id = $1", [id]);
    expect((await view(id)).eta).toBeNull();
  });

  it('ends by the learnt rate where the budget is what it waits for and nothing has ended of late', async () => {
    Object.assign(queue.outlook, { callsPerSecond: 0.1 });
    const ids = [await deposit(1), await deposit(2), await deposit(3)];
    const waits = async () => Promise.all(ids.map(async (id) => (await view(id)).eta));
    expect(await waits()).toEqual([null, null, null]);
    await run("UPDATE jobs SET pending_reason = 'quota' WHERE status = 'pending'");
    expect((await waits()).map((eta) => Math.round(secondsTo(eta) / 10))).toEqual([1, 2, 3]);
    await run("UPDATE job_outbox SET run_at = now() + interval '100 seconds'");
    expect((await waits()).map((eta) => Math.round(secondsTo(eta) / 10))).toEqual([11, 11, 11]);
  });

  it('ends no sooner than the budget allows, whatever the pace was, and after the pause that the OPCO asked for', async () => {
    await endedEvery(1, 10);
    Object.assign(queue.outlook, { callsPerSecond: 0.05 });
    const ids = [await deposit(1), await deposit(2)];
    const waits = () => Promise.all(ids.map(async (id) => Math.round(secondsTo((await view(id)).eta) / 20)));
    expect(await waits()).toEqual([1, 2]);
    Object.assign(queue.outlook, { pausedSeconds: 200 });
    expect(await waits()).toEqual([11, 11]);
  });
});
