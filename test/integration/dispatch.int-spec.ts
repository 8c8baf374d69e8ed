import type { Tenant } from '../../src/core/tenant.js';
import type { WorkRules } from '../../src/queue/deposit-work.js';
import { DepositQueues, type QueueConnection } from '../../src/queue/deposit-queues.js';
import { Dispatcher } from '../../src/queue/dispatcher.js';
import { OutboxRepository } from '../../src/queue/outbox.repository.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts } from '../support/a-scripted-opco.js';
import { Turns } from '../../src/queue/turns.js';

const environments = ['test', 'live'] as const;

describe('the dispatcher and the relay', () => {
  let queue: TestQueue;
  const tenant = aTenant();
  let rank = 0;

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
  });
  afterEach(() => queue.close());

  const deposits = (count: number, by = tenant) =>
    Promise.all(Array.from({ length: count }, () => queue.accept.accept(aDeposit(by, {}, rank++))));
  const states = (by = tenant) => queue.jobs.list(by.hash, 'opco-ep', { limit: 200 });
  const allCompleted = (count: number) =>
    until(async () => (await states()).data.filter(({ status }) => status === 'completed').length === count);
  const outbox = () => new OutboxRepository(queue.db.database);

  it('keep about twice the slots in BullMQ at most, and bring everything in the end', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    queue.opco.acts = [
      async (_, sent) => {
        await held;
        await sent();
        return { numeroInterne: '1' };
      },
    ];
    const slots = 3;
    queue.work({ slots }).start();
    await deposits(20);
    await until(async () => queue.opco.calls.length === slots);
    const [marked] = await queue.db.database.asSystem((sql) =>
      sql.query<{ n: number }>('SELECT count(*)::int AS n FROM job_outbox WHERE enqueued_at IS NOT NULL'),
    );
    // A delivery that a worker is just taking may be missed by the count: a few more, never the backlog.
    expect(marked?.n).toBeLessThanOrEqual(slots * 3);
    release();
    await allCompleted(20);
    expect(queue.opco.sent).toHaveLength(20);
  });

  it('leave nothing but four fields of a deposit in Redis', async () => {
    await deposits(1);
    const [job] = await outbox().takeDue({ opcoId: 'opco-ep', environments, room: 1, turns: new Turns() });
    if (!job) throw new Error('nothing due');
    await queue.queues.add('opco-ep', [job]);
    const [key] = await queue.redis.keys(`*${job.jobId}*`);
    const data = await queue.redis.hget(key ?? '', 'data');
    expect(JSON.parse(data ?? '')).toEqual({ jobId: job.jobId, tenantHash: tenant.hash, opcoId: 'opco-ep', v: 1 });
  });

  it('serve a tenant with one deposit at once, whatever the backlog of another', async () => {
    const small = aTenant();
    await deposits(30);
    await deposits(1, small);
    const taken = await outbox().takeDue({ opcoId: 'opco-ep', environments, room: 4, turns: new Turns() });
    expect(taken.map((job) => job.tenant).filter((hash) => hash === small.hash)).toHaveLength(1);
  });

  it('go round by tenant even when they take one at a time', async () => {
    const tenants = [aTenant(), aTenant(), aTenant()];
    for (const each of tenants) await deposits(3, each);
    const turns = new Turns();
    const served: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const [job] = await outbox().takeDue({ opcoId: 'opco-ep', environments, room: 1, turns });
      if (!job) throw new Error('nothing due');
      served.push(job.tenant);
      await queue.db.database.asSystem((sql) => sql.query('DELETE FROM job_outbox WHERE job_id = $1', [job.jobId]));
    }
    expect(served.slice(0, 3).sort()).toEqual(tenants.map(({ hash }) => hash as string).sort());
    expect(served.slice(3)).toEqual(served.slice(0, 3));
  });

  it('bring the deposits of one environment while those of the other are held', async () => {
    const live: Tenant = { ...aTenant(), environment: 'live' };
    const work = queue.work();
    work.dispatcher.hold('opco-ep', { environment: 'test', tenant: aTenant().hash, ofOne: false, seconds: 60 });
    work.start();
    await deposits(2);
    await deposits(2, live);
    await until(async () => (await states(live)).data.every(({ status }) => status === 'completed'));
    expect(queue.opco.calls.map(({ tenant: { environment } }) => environment)).toEqual(['live', 'live']);
    expect((await states()).data.map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect(await outbox().takeDue({ opcoId: 'opco-ep', environments: ['live'], room: 9, turns: new Turns() })).toEqual(
      [],
    );
    expect(
      await outbox().takeDue({ opcoId: 'opco-ep', environments: ['test'], room: 9, turns: new Turns() }),
    ).toHaveLength(2);
  });

  it('are held for an hour at most, whatever was asked for', async () => {
    let elapsed = 0;
    const asked: unknown[] = [];
    let looked = () => undefined as void;
    const look = new Promise<void>((resolve) => (looked = resolve));
    const dispatcher = new Dispatcher({
      outbox: {
        takeDue: async (question) => (asked.push(question.environments), looked(), []),
        putBack: async () => undefined,
        opcosWithDueJobs: async () => [],
      },
      queues: { add: async () => undefined, waiting: async () => 0 },
      busy: () => 0,
      clock: { now: () => 0, elapsed: () => elapsed },
      rules: { intervalMs: 60_000, slots: 1 },
    });
    for (const environment of environments)
      dispatcher.hold('opco-ep', { environment, tenant: aTenant().hash, ofOne: false, seconds: 999_999_999 });
    dispatcher.start();
    dispatcher.wake('opco-ep');
    await dispatcher.stop();
    expect(asked).toEqual([]);
    elapsed = 3_600_001;
    dispatcher.start();
    dispatcher.wake('opco-ep');
    await look;
    await dispatcher.stop();
    expect(asked).toEqual([['test', 'live']]);
  });

  it('never take one row in two instances', async () => {
    await deposits(20);
    const takes = await Promise.all(
      Array.from({ length: 4 }, () =>
        outbox().takeDue({ opcoId: 'opco-ep', environments, room: 20, turns: new Turns() }),
      ),
    );
    const ids = takes.flat().map(({ jobId }) => jobId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('bring again what FLUSHDB took between acceptance and work', async () => {
    await deposits(5);
    const taken = await outbox().takeDue({ opcoId: 'opco-ep', environments, room: 5, turns: new Turns() });
    await queue.queues.add('opco-ep', taken);
    expect(await queue.queues.waiting('opco-ep')).toBe(5);
    await queue.redis.flushdb();
    const work = queue.work();
    work.start();
    await queue.db.database.asSystem((sql) =>
      sql.query("UPDATE job_outbox SET enqueued_at = enqueued_at - interval '6 seconds'"),
    );
    await work.relay.sweep();
    await allCompleted(5);
    expect(queue.opco.sent).toHaveLength(5);
  });

  it('leave in BullMQ what is still there', async () => {
    await deposits(1);
    const taken = await outbox().takeDue({ opcoId: 'opco-ep', environments, room: 5, turns: new Turns() });
    const moved = async () => {
      const [row] = await queue.db.database.asSystem((sql) =>
        sql.query<{ marked: boolean }>('SELECT enqueued_at IS NOT NULL AS marked FROM job_outbox'),
      );
      return row?.marked;
    };
    await queue.queues.add('opco-ep', taken);
    await queue.work({ relayIntervalSeconds: 0 }).relay.sweep();
    expect(await moved()).toBe(true);
    await queue.work({ relayIntervalSeconds: 0, lostSeconds: 0 }).relay.sweep();
    expect(await moved()).toBe(false);
  });

  it('mark nothing while Redis is away, and bring it when Redis is back', async () => {
    const away = { status: 'reconnecting' } as unknown as QueueConnection;
    await expect(new DepositQueues(away, []).add('opco-ep', [])).rejects.toThrow();
    await deposits(3);
    const rules: Partial<WorkRules> = { dispatchIntervalMs: 20 };
    queue.redis.disconnect();
    const work = queue.work(rules);
    work.dispatcher.start();
    for (let look = 0; look < 3; look++) work.wake('opco-ep');
    await work.dispatcher.stop();
    const marked = await queue.db.database.asSystem((sql) =>
      sql.query('SELECT 1 FROM job_outbox WHERE enqueued_at IS NOT NULL'),
    );
    expect(marked).toEqual([]);
    await queue.redis.connect();
    queue.work(rules).start();
    await allCompleted(3);
  });
});
