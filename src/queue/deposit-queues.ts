import { Queue, type ConnectionOptions, type QueueOptions } from 'bullmq';
import { depositQueueName, queuePrefix } from '../core/keys.js';
import type { DueJob } from './outbox.repository.js';

/** All that Redis ever holds of a deposit. */
export interface DepositDelivery {
  readonly jobId: string;
  readonly tenantHash: string;
  readonly opcoId: string;
  readonly v: 1;
}

/** What this module needs of the fail-fast connection (ioredis); `status` is `ready` while commands are answered. */
export type QueueConnection = ConnectionOptions & {
  readonly status: string;
  exists(key: string): Promise<number>;
  llen(key: string): Promise<number>;
  duplicate(
    options: Record<string, unknown>,
  ): ConnectionOptions & { disconnect(): void; on(event: 'error', listener: () => void): unknown };
};

/** BullMQ waits for ever for a Redis that is not there: nothing here waits longer. */
const patienceMs = 3000;

/** A queue whose failures reach its callers through their promises; unheard, they would end the process. */
export class DepositQueue extends Queue<DepositDelivery> {
  constructor(name: string, options: QueueOptions) {
    super(name, options);
    this.on('error', () => undefined);
  }
}

/** How every queue of deposits is set up on its connection. */
export function depositQueueOptions(connection: ConnectionOptions): QueueOptions {
  return { connection, prefix: queuePrefix, skipMetasUpdate: true };
}

/** The queues of the eleven OPCOs in Redis, for adding and looking. Every method answers or fails within seconds. */
export class DepositQueues {
  readonly #queues: ReadonlyMap<string, DepositQueue>;

  constructor(
    private readonly redis: QueueConnection,
    queues: readonly DepositQueue[],
  ) {
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]));
  }

  /** Puts deliveries in; throws when Redis does not take them all at once. */
  async add(opcoId: string, jobs: readonly DueJob[]): Promise<void> {
    await this.#within(() =>
      this.#queue(opcoId).addBulk(
        jobs.map((job) => ({
          name: 'deposit',
          data: { jobId: job.jobId, tenantHash: job.tenant, opcoId, v: 1 },
          opts: { jobId: bullId(job), attempts: 1, removeOnComplete: true, removeOnFail: true },
        })),
      ),
    );
  }

  /** Whether BullMQ still knows this very enqueueing; throws when Redis cannot say. */
  async holds(opcoId: string, job: Pick<DueJob, 'jobId' | 'stamp'>): Promise<boolean> {
    const key = this.#queue(opcoId).toKey(bullId(job));
    return (await this.#within(() => this.redis.exists(key))) === 1;
  }

  /** Deliveries that no worker has taken yet. */
  async waiting(opcoId: string): Promise<number> {
    const key = this.#queue(opcoId).toKey('wait');
    return this.#within(() => this.redis.llen(key));
  }

  /** Lets go of the queues; the connection is not ours to close. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => this.#within(() => queue.close())));
  }

  #queue(opcoId: string): DepositQueue {
    const queue = this.#queues.get(depositQueueName(opcoId));
    if (!queue) throw new Error('No queue is registered for this OPCO');
    return queue;
  }

  async #within<T>(work: () => Promise<T>): Promise<T> {
    if (this.redis.status !== 'ready') throw new Error('Redis is away');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('Redis does not answer')), patienceMs);
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One id for each enqueueing, so that neither a kept nor a removed BullMQ job ever stands in the way of the next one. */
function bullId({ jobId, stamp }: Pick<DueJob, 'jobId' | 'stamp'>): string {
  return `${jobId}-${stamp}`;
}
