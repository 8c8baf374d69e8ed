import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { systemClock } from '../../src/core/clock.js';
import { opcoIds } from '../../src/core/endpoint.js';
import { depositQueueName } from '../../src/core/keys.js';
import { tenantHashOf, type Tenant } from '../../src/core/tenant.js';
import { EventLog } from '../../src/events/event-log.js';
import { KeyRing } from '../../src/platform/crypto/key-ring.js';
import type { DepositToAccept } from '../../src/queue/accept-columns.js';
import { AcceptDeposit } from '../../src/queue/accept-deposit.js';
import { AttemptRepository } from '../../src/queue/attempt.repository.js';
import {
  DepositQueue,
  depositQueueOptions,
  DepositQueues,
  type QueueConnection,
} from '../../src/queue/deposit-queues.js';
import { DepositWork, type WorkRules } from '../../src/queue/deposit-work.js';
import { FileStore } from '../../src/queue/file-store.js';
import { JobRepository } from '../../src/queue/job.repository.js';
import { Wakening } from '../../src/queue/wakening.js';
import { DataKeys } from '../../src/tenancy/data-keys.js';
import { ScriptedOpco } from './a-scripted-opco.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { emptyRedis } from './test-redis.js';

/** The queues as the module registers them. */
export function registeredQueues(connection: QueueConnection): DepositQueues {
  const queues = opcoIds.map((id) => new DepositQueue(depositQueueName(id), depositQueueOptions(connection)));
  return new DepositQueues(connection, queues);
}

/** Short times, so that a test waits for nothing. */
export const quickRules: WorkRules = {
  slots: 3,
  dispatchIntervalMs: 50,
  relayIntervalSeconds: 30,
  lostSeconds: 60,
  maxAttempts: 3,
  backoffMs: 5,
  credentialsPatienceMs: 3_600_000,
  doubtPatienceMs: 3_600_000,
  quietMs: 5,
  drainMs: 5000,
  stuckMs: 60_000,
};

/** A queue on a database and a Redis prefix of its own. */
export interface TestQueue {
  readonly db: TestDatabase;
  readonly redis: Redis;
  readonly opco: ScriptedOpco;
  readonly keys: DataKeys;
  readonly files: FileStore;
  readonly accept: AcceptDeposit;
  readonly jobs: JobRepository;
  /** What is known of every budget; to be changed by a test that is about it. */
  readonly outlook: { callsPerSecond: number; pausedSeconds: number };
  readonly queues: DepositQueues;
  readonly attempts: AttemptRepository;
  readonly failures: unknown[];
  work(rules?: Partial<WorkRules>): DepositWork;
  close(): Promise<void>;
}

/** Every file is stored in pieces, unless `heldBytes` says otherwise. */
export async function aQueue({ heldBytes = 0 } = {}): Promise<TestQueue> {
  const db = await createTestDatabase();
  const keys = new DataKeys(db.database, KeyRing.parse(`test:${randomBytes(32).toString('hex')}`));
  await keys.load();
  const redis = new Redis(await emptyRedis('queue'), {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 1500,
  });
  redis.on('error', () => undefined);
  await new Promise((resolve) => redis.once('ready', resolve));
  const opco = new ScriptedOpco();
  const wakening = new Wakening();
  const connection = redis as unknown as QueueConnection;
  const queues = registeredQueues(connection);
  const audit = new AuditTrail();
  const attempts = new AttemptRepository(db.database);
  const wake = (opcoId: string) => wakening.wake(opcoId);
  const failures: unknown[] = [];
  const outlook = { callsPerSecond: 1000, pausedSeconds: 0 };
  const works: DepositWork[] = [];
  const files = new FileStore(db.database, keys, { heldBytes, wait: () => Promise.resolve() });
  return {
    ...{ db, redis, opco, keys, files, queues, attempts, failures, outlook },
    accept: new AcceptDeposit(db.database, keys, wake),
    jobs: new JobRepository({
      database: db.database,
      keys,
      audit,
      events: new EventLog(),
      wake,
      committed: () => undefined,
      outlook: () => outlook,
    }),
    work: (rules = {}) => {
      const work = new DepositWork({
        ...{
          database: db.database,
          keys,
          files,
          audit,
          attempts,
          runner: opco,
          queues,
          redis: connection,
          clock: systemClock,
        },
        events: new EventLog(),
        rules: { ...quickRules, ...rules },
        random: () => 0.5,
        wait: () => Promise.resolve(),
        committed: () => undefined,
        settled: () => undefined,
        restarted: () => undefined,
        failed: (error) => failures.push(error),
      });
      wakening.listen((opcoId) => work.wake(opcoId));
      works.push(work);
      return work;
    },
    close: async () => {
      await Promise.all(works.map((work) => work.stop()));
      await queues.close();
      redis.disconnect();
      await db.drop();
    },
  };
}

/** A tenant that nobody else has. */
export function aTenant(): Tenant {
  return { hash: tenantHashOf(randomUUID()), environment: 'test', nom: 'CFA Essai', keyId: randomUUID() };
}

/** A contract deposit; `rank` makes it another apprentice's. */
export function aDeposit(tenant: Tenant, over: Partial<DepositToAccept> = {}, rank = 0): DepositToAccept {
  return {
    tenant,
    opcoId: 'opco-ep',
    type: 'dossiers',
    route: '/:opcoId/dossiers',
    body: { cerfa: exampleCerfa({ rank }) },
    requestId: randomUUID(),
    ...over,
  };
}

/** Looks again and again until it holds; fails after a minute. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const end = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error('it did not come to hold');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
