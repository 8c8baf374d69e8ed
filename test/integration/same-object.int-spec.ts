import { randomUUID } from 'node:crypto';
import { wakeSameObject } from '../../src/queue/attempt.repository.js';
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
  });
});
