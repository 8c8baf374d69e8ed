import { randomUUID } from 'node:crypto';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { EventLog } from '../../src/events/event-log.js';
import { wakeSameObject } from '../../src/queue/attempt.repository.js';
import { LostAttemptsRepository } from '../../src/queue/lost-attempts.repository.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';

describe('two deposits of one object', () => {
  let queue: TestQueue;
  const tenant = aTenant();

  beforeAll(async () => void (queue = await aQueue()));
  afterAll(() => queue.close());

  const deposit = async (rank: number) =>
    (await queue.accept.accept(aDeposit(tenant, { naturalKey: ['one', 'object'], idempotencyKey: `k${rank}` }, rank)))
      .jobId;
  const claim = (jobId: string) => queue.attempts.claim(tenant.hash, jobId, randomUUID());
  /** Takes over whatever has not been heard of in this very moment. */
  const takingOver = ({ maxAttempts }: { readonly maxAttempts: number }) =>
    new LostAttemptsRepository({
      ...{ database: queue.db.database, events: new EventLog(), audit: new AuditTrail() },
      rules: { lostSeconds: 0, maxAttempts },
      quietMsOf: () => undefined,
    });
  const over = (jobId: string) =>
    queue.db.database.asSystem((sql) => sql.query("UPDATE jobs SET status = 'completed' WHERE id = $1", [jobId]));
  const blocked = () =>
    until(async () => {
      const [row] = await queue.db.database.asSystem((sql) =>
        sql.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())',
        ),
      );
      return (row?.n ?? 0) > 0;
    });

  it('do not miss each other: the second one that looks while the first one ends is taken as soon as it has ended', async () => {
    const [first, second] = [await deposit(1), await deposit(2)];
    expect(await claim(first)).toBeDefined();
    let claimed: ReturnType<typeof claim> | undefined;
    await queue.db.database.asSystem(async (sql) => {
      await sql.query("UPDATE jobs SET status = 'completed', attempt_token = NULL WHERE id = $1", [first]);
      await wakeSameObject(sql, first);
      // It sees the first one under way, since this transaction has not ended.
      claimed = claim(second);
      await blocked();
    });
    expect(await claimed).toMatchObject({ jobId: second });
    await over(second);
  });

  it('go on when the worker of the first one is lost for good: the second one is due at once', async () => {
    const [first, second] = [await deposit(3), await deposit(4)];
    expect(await claim(first)).toBeDefined();
    expect(await claim(second)).toBeUndefined();
    const lost = takingOver({ maxAttempts: 1 });
    expect(await lost.takeOver(await lost.silent())).toEqual([]);
    expect(await queue.jobs.view(tenant.hash, 'opco-ep', first)).toMatchObject({
      status: 'failed',
      outcome: 'not_applied',
    });
    expect(await claim(second)).toMatchObject({ jobId: second });
    await queue.db.database.asSystem((sql) =>
      sql.query("UPDATE jobs SET status = 'completed' WHERE id = $1", [second]),
    );
  });

  it('and several steps are told alike when the worker of a later step is lost: in part, by event and by row', async () => {
    const jobId = await deposit(5);
    const steps = JSON.stringify([
      { type: 'dossiers', label: 'Dossier' },
      { type: 'conventions', label: 'Convention' },
    ]);
    await queue.db.database.asSystem((sql) =>
      sql.query('UPDATE jobs SET step = 1, steps = $2 WHERE id = $1', [jobId, steps]),
    );
    expect(await claim(jobId)).toBeDefined();
    const lost = takingOver({ maxAttempts: 1 });
    await lost.takeOver(await lost.silent());
    const progress = { step: 1, total: 2 };
    expect(await queue.jobs.view(tenant.hash, 'opco-ep', jobId)).toMatchObject({
      status: 'failed',
      outcome: 'partial',
      progress,
    });
    const [event] = await queue.db.database.asSystem((sql) =>
      sql.query<{ type: string; data: object }>('SELECT type, data FROM events WHERE subject = $1', [`job:${jobId}`]),
    );
    expect(event).toMatchObject({ type: 'job.failed', data: { outcome: 'partial', progress } });
  });
});
