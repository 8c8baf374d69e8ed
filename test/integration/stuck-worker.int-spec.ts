import type { Redis } from 'ioredis';
import { systemClock } from '../../src/core/clock.js';
import type { QueueConnection } from '../../src/queue/deposit-queues.js';
import { DepositWorkers } from '../../src/queue/deposit-workers.js';
import { OutboxRepository } from '../../src/queue/outbox.repository.js';
import { Turns } from '../../src/queue/turns.js';
import { WorkerWatchdog } from '../../src/queue/worker-watchdog.js';
import { aDeposit, aQueue, aTenant, until, type TestQueue } from '../support/a-queue.js';
import { accepts } from '../support/a-scripted-opco.js';

describe('a worker that has fallen silent', () => {
  let queue: TestQueue;

  beforeEach(async () => {
    queue = await aQueue();
    queue.opco.acts = [accepts()];
  });
  afterEach(() => queue.close());

  it('is replaced by one that works, and the watchdog tells of it', async () => {
    const connections: Redis[] = [];
    const remembered = (connection: Redis): Redis => {
      connections.push(connection);
      const duplicate = connection.duplicate.bind(connection);
      connection.duplicate = (options) => remembered(duplicate(options));
      return connection;
    };
    const redis = { duplicate: (options: object) => remembered(queue.redis.duplicate(options)) };
    const done: string[] = [];
    const workers = new DepositWorkers({
      redis: redis as unknown as QueueConnection,
      processor: {
        process: (_tenant, jobId) => {
          done.push(jobId);
          return Promise.resolve({ result: 'completed' });
        },
      },
      concurrency: 2,
      ended: () => undefined,
      failed: () => undefined,
    });
    const restarts: string[] = [];
    const watchdog = new WorkerWatchdog({
      ...{ opcoIds: ['opco-ep'], queues: queue.queues, workers, clock: systemClock, stuckMs: 50 },
      restarted: (opcoId) => restarts.push(opcoId),
    });
    workers.start();
    const deliver = async () => {
      await queue.accept.accept(aDeposit(aTenant()));
      const [job] = await new OutboxRepository(queue.db.database).takeDue({
        ...{ opcoId: 'opco-ep', environments: ['test'], room: 1, turns: new Turns() },
      });
      if (!job) throw new Error('nothing due');
      await queue.queues.add('opco-ep', [job]);
      return job.jobId;
    };
    const first = await deliver();
    await until(async () => done.includes(first));

    // For ever: a connection that was ended on purpose does not come back.
    for (const connection of [...connections]) connection.disconnect();
    const second = await deliver();
    await watchdog.look();
    expect(restarts).toEqual([]);
    await until(async () => {
      await watchdog.look();
      return restarts.length > 0;
    });
    await until(async () => done.includes(second));
    expect(restarts).toEqual(['opco-ep']);
    await workers.stop(1000);
  });
});
