import { Worker, type Job } from 'bullmq';
import { opcoIds } from '../core/endpoint.js';
import { depositQueueName, queuePrefix } from '../core/keys.js';
import { readTenantHash } from '../core/tenant.js';
import type { Delivery, DepositProcessor } from './deposit.processor.js';
import type { DepositDelivery, QueueConnection } from './deposit-queues.js';

/** What the workers are made of. */
export interface WorkerParts {
  readonly redis: QueueConnection;
  readonly processor: Pick<DepositProcessor, 'process'>;
  readonly concurrency: number;
  /** Called when a slot has become free, with what came of the delivery. */
  readonly ended: (opcoId: string, delivery: Delivery) => void;
  /** Told what no table could be told: the error of a delivery that could not even be claimed or settled. */
  readonly failed: (error: unknown) => void;
}

/** How long a worker may take to begin before it is closed all the same. */
const beginningMs = 500;

/** One BullMQ worker for each OPCO, over one shared connection that waits for Redis instead of failing. */
export class DepositWorkers {
  readonly #busy = new Map<string, number>();
  #workers: Worker<DepositDelivery>[] = [];
  #connection: ReturnType<QueueConnection['duplicate']> | undefined;

  constructor(private readonly parts: WorkerParts) {}

  start(): void {
    // BullMQ demands null here: a worker outlasts Redis, it never gives a command up.
    const connection = this.parts.redis.duplicate({
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      commandTimeout: undefined,
    });
    connection.on('error', () => undefined);
    this.#connection = connection;
    this.#workers = opcoIds.map((opcoId) => {
      const worker = new Worker<DepositDelivery>(depositQueueName(opcoId), (job) => this.#work(opcoId, job), {
        connection,
        prefix: queuePrefix,
        concurrency: this.parts.concurrency,
        maxStalledCount: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      });
      worker.on('error', () => undefined);
      return worker;
    });
  }

  /** Deliveries in work at an OPCO. */
  busy(opcoId: string): number {
    return this.#busy.get(opcoId) ?? 0;
  }

  /** Takes nothing more and waits for what is under way, at most so long. */
  async stop(withinMs: number): Promise<void> {
    // A worker closed while it is still starting would start its lock timer afterwards and never stop it.
    await atMost(beginningMs, Promise.allSettled(this.#workers.map((worker) => worker.waitUntilReady())));
    await atMost(withinMs, Promise.allSettled(this.#workers.map((worker) => worker.close())));
    this.#connection?.disconnect();
    this.#workers = [];
  }

  /** Never throws: for BullMQ every delivery has been dealt with. What is still to do stands in PostgreSQL. */
  async #work(opcoId: string, { data }: Job<DepositDelivery>): Promise<void> {
    // Another format is for a newer release: left pending, the relay brings it again.
    if (data.v !== 1) return;
    this.#busy.set(opcoId, this.busy(opcoId) + 1);
    let delivery: Delivery = { result: 'not-ours' };
    try {
      delivery = await this.parts.processor.process(readTenantHash(data.tenantHash), data.jobId);
    } catch (error) {
      this.parts.failed(error);
    } finally {
      this.#busy.set(opcoId, this.busy(opcoId) - 1);
      this.parts.ended(opcoId, delivery);
    }
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}
