import { randomUUID } from 'node:crypto';
import type { Tenant } from '../../src/core/tenant.js';
import { DeadLettersRepository } from '../../src/queue/dead-letters.repository.js';
import { Redrive, type RedriveProgress } from '../../src/queue/redrive.js';
import { aDeposit, aQueue, aTenant, type TestQueue } from '../support/a-queue.js';

describe('bringing failed deposits back in bulk', () => {
  let queue: TestQueue;
  let redrive: Redrive;
  let letters: DeadLettersRepository;
  let rank = 0;

  beforeEach(async () => {
    queue = await aQueue();
    letters = new DeadLettersRepository(queue.db.database);
    redrive = new Redrive(letters, queue.jobs);
  });
  afterEach(() => queue.close());

  const run = <Row extends object>(text: string, values: readonly unknown[] = []) =>
    queue.db.database.asSystem((sql) => sql.query<Row>(text, values));
  const statuses = async (tenant: Tenant, opcoId = 'opco-ep') =>
    (await queue.jobs.list(tenant.hash, opcoId, { limit: 200 })).data.map(({ status }) => status);
  const actorOf = (tenant: Tenant) => ({ tenant, requestId: randomUUID() });

  /** Deposits that have failed, for a reason, some time ago. */
  async function dead(tenant: Tenant, count: number, { code = 'exhausted', minutesAgo = 5, opcoId = 'opco-ep' } = {}) {
    const ids: string[] = [];
    for (let made = 0; made < count; made++) {
      ids.push((await queue.accept.accept(aDeposit(tenant, { opcoId }, rank++))).jobId);
    }
    await run(
      `UPDATE jobs SET status = 'failed', outcome = 'not_applied', completed_at = now() - $2 * interval '1 minute',
         timeline = timeline || jsonb_build_array(jsonb_build_object('at', now(), 'code', $3::text, 'texte', ''))
       WHERE id = ANY($1)`,
      [ids, minutesAgo, code],
    );
    await run('DELETE FROM job_outbox WHERE job_id = ANY($1)', [ids]);
    return ids;
  }

  it('takes at most as many as asked, and says how many remain', async () => {
    const mine = aTenant();
    await dead(mine, 5);
    expect(await redrive.ofTenant(actorOf(mine), { opcoId: 'opco-ep' }, 3)).toEqual({
      retried: 3,
      skipped: 0,
      remaining: 2,
    });
    expect(await redrive.ofTenant(actorOf(mine), { opcoId: 'opco-ep' }, 3)).toEqual({
      retried: 2,
      skipped: 0,
      remaining: 0,
    });
    expect(await statuses(mine)).toEqual(Array.from({ length: 5 }, () => 'pending'));
    expect(await run('SELECT 1 FROM job_outbox')).toHaveLength(5);
    expect(await run("SELECT 1 FROM audit_logs WHERE action = 'job.retried' AND actor LIKE 'key:%'")).toHaveLength(5);
  });

  it("touches neither another tenant's, nor another OPCO's, nor what the filter leaves out", async () => {
    const [mine, other] = [aTenant(), aTenant()];
    await dead(mine, 1);
    await dead(mine, 1, { code: 'rejected' });
    await dead(mine, 1, { minutesAgo: 600 });
    await dead(mine, 1, { opcoId: 'akto' });
    await dead(other, 1);
    const filter = {
      opcoId: 'opco-ep',
      code: 'exhausted',
      since: new Date(Date.now() - 3_600_000),
      tenant: other.hash,
    };
    expect(await redrive.ofTenant(actorOf(mine), filter, 500)).toEqual({ retried: 1, skipped: 0, remaining: 0 });
    expect((await statuses(mine)).filter((status) => status === 'failed')).toHaveLength(2);
    expect(await statuses(other)).toEqual(['failed']);
    expect(await statuses(mine, 'akto')).toEqual(['failed']);
  });

  it('leaves what was deposited anew since, as a single retry does', async () => {
    const mine = aTenant();
    const at = rank;
    await dead(mine, 2);
    await queue.accept.accept(aDeposit(mine, {}, at));
    expect(await redrive.ofTenant(actorOf(mine), { opcoId: 'opco-ep' }, 500)).toEqual({
      retried: 1,
      skipped: 1,
      remaining: 0,
    });
  });

  it('counts what changed between the look and the retry as skipped', async () => {
    const mine = aTenant();
    const [gone = ''] = await dead(mine, 2);
    const stale = new Redrive(
      {
        ...{ count: (...asked) => letters.count(...asked), now: () => letters.now() },
        retryable: async (...asked) => {
          const found = await letters.retryable(...asked);
          await run("UPDATE jobs SET status = 'pending' WHERE id = $1", [gone]);
          return found;
        },
      },
      queue.jobs,
    );
    expect(await stale.ofTenant(actorOf(mine), {}, 9)).toEqual({ retried: 1, skipped: 1, remaining: 0 });
  });

  it('goes over tenants in batches for staff, tells how far it is, and never takes what fails meanwhile', async () => {
    const [one, two] = [aTenant(), aTenant()];
    await dead(one, 70);
    await dead(two, 70);
    const told: RedriveProgress[] = [];
    const report = await redrive.ofStaff(
      { opcoId: 'opco-ep' },
      {
        ...{ limit: 1000, by: 'cli' },
        told: (so) => told.push(so),
      },
    );
    expect(report).toEqual({ retried: 140, skipped: 0, remaining: 0 });
    expect(told.map(({ retried }) => retried)).toEqual([100, 140]);
    expect(await run("SELECT 1 FROM audit_logs WHERE action = 'job.retried' AND actor = 'cli'")).toHaveLength(140);
    const [later] = await dead(one, 1, { minutesAgo: -1 });
    expect(await redrive.ofStaff({ tenant: one.hash }, { limit: 9, by: 'cli', told: () => undefined })).toMatchObject({
      retried: 0,
    });
    expect((await letters.list({ tenant: one.hash }, 9)).map(({ jobId }) => jobId)).toEqual([later]);
  });
});
