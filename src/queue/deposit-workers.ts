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
  readonly #moves = new Map<string, number>();
  readonly #workers = new Map<string, Worker<DepositDelivery>>();
  readonly #connections: ReturnType<QueueConnection['duplicate']>[] = [];
  #stopped = false;

  constructor(private readonly parts: WorkerParts) {}

  start(): void {
    const connection = this.#connect();
    for (const opcoId of opcoIds) this.#begin(opcoId, connection);
  }

  /** Puts a new worker, on a connection of its own, in the place of one that does nothing; what it has in hand goes on. */
  async restart(opcoId: string): Promise<void> {
    const worker = this.#workers.get(opcoId);
    this.#begin(opcoId, this.#connect());
    // Forced: waiting for its work would wait for ever. Should BullMQ give that to somebody else, the claim lets one through.
    await atMost(beginningMs, Promise.allSettled([worker?.close(true)]));
  }

  /** Deliveries taken or ended at an OPCO so far. */
  moves(opcoId: string): number {
    return this.#moves.get(opcoId) ?? 0;
  }

  #connect(): ReturnType<QueueConnection['duplicate']> {
    // BullMQ demands null here: a worker outlasts Redis, it never gives a command up.
    const connection = this.parts.redis.duplicate({
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      commandTimeout: undefined,
    });
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    return connection;
  }

  #begin(opcoId: string, connection: ReturnType<QueueConnection['duplicate']>): void {
    if (this.#stopped) return;
    const worker = new Worker<DepositDelivery>(depositQueueName(opcoId), (job) => this.#work(opcoId, job), {
      connection,
      prefix: queuePrefix,
      concurrency: this.parts.concurrency,
      maxStalledCount: 1,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    worker.on('error', () => undefined);
    this.#workers.set(opcoId, worker);
  }

  /** Deliveries in work at an OPCO. */
  busy(opcoId: string): number {
    return this.#busy.get(opcoId) ?? 0;
  }

  /** Takes nothing more and waits for what is under way, at most so long. */
  async stop(withinMs: number): Promise<void> {
    this.#stopped = true;
    const workers = [...this.#workers.values()];
    // A worker closed while it is still starting would start its lock timer afterwards and never stop it.
    await atMost(beginningMs, Promise.allSettled(workers.map((worker) => worker.waitUntilReady())));
    await atMost(withinMs, Promise.allSettled(workers.map((worker) => worker.close())));
    for (const connection of this.#connections) connection.disconnect();
    this.#workers.clear();
  }

  /** Never throws: for BullMQ every delivery has been dealt with. What is still to do stands in PostgreSQL. */
  async #work(opcoId: string, { data }: Job<DepositDelivery>): Promise<void> {
    // Another format is for a newer release: left pending, the relay brings it again.
    if (data.v !== 1) return;
    this.#move(opcoId, 1);
    let delivery: Delivery = { result: 'not-ours' };
    try {
      delivery = await this.parts.processor.process(readTenantHash(data.tenantHash), data.jobId);
    } catch (error) {
      this.parts.failed(error);
    } finally {
      this.#move(opcoId, -1);
      this.parts.ended(opcoId, delivery);
    }
  }

  #move(opcoId: string, by: 1 | -1): void {
    this.#busy.set(opcoId, this.busy(opcoId) + by);
    this.#moves.set(opcoId, this.moves(opcoId) + 1);
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
