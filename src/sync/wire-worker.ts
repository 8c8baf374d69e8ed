import type { AuditTrail } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Env } from '../platform/config/env.js';
import type { Database } from '../platform/database/database.js';
import type { SnapshotRepository } from '../poller/snapshot.repository.js';
import { AskOpco, type AskParts, type Reads } from './ask-opco.js';
import { CommitBatch, type CommitParts } from './commit-batch.js';
import { Discover } from './discover.js';
import { EndSync } from './end-sync.js';
import { FetchBatch } from './fetch-batch.js';
import { todayInParis } from '../poller/paris.js';
import { KeepDossiers } from './keep-dossiers.js';
import { backOffMs } from './pace.js';
import { ReadGate } from './read-gate.js';
import { RunSync } from './run-sync.js';
import { SyncClaimRepository } from './sync-claim.repository.js';
import { SyncTurnRepository } from './sync-turn.repository.js';
import { SyncWorker, type WorkerParts } from './sync-worker.js';

/** What the worker is made of. `random` gives [0, 1). */
export interface WiredParts extends Pick<CommitParts, 'forget' | 'counted'>, Pick<WorkerParts, 'failed'> {
  readonly env: Env;
  readonly database: Database;
  readonly reads: Reads;
  readonly snapshots: SnapshotRepository;
  readonly events: EventLog;
  readonly signal: CommitSignal;
  readonly notes: CommitParts['notes'];
  readonly audit: AuditTrail;
  readonly clock: Clock;
  readonly random: () => number;
  readonly wait: AskParts['wait'];
  readonly pagingOf: (opcoId: string) => OpcoAdapter['paging'] | undefined;
}

/** The worker of one process, by its settings. */
export function syncWorker(parts: WiredParts): SyncWorker {
  const { env, database, events, signal, audit, clock, wait, pagingOf } = parts;
  const backOff = (failures: number) => backOffMs(failures, env.OPCOVIA_SYNC_BACKOFF_MS, parts.random());
  const limits = { attempts: env.OPCOVIA_SYNC_ATTEMPTS, backOffMs: backOff };
  const opco = new AskOpco({ reads: parts.reads, gate: new ReadGate(env.OPCOVIA_SYNC_PARALLEL_READS), wait });
  const turns = new SyncTurnRepository({ database, events, signal });
  const sync = new RunSync({
    ...{ turns, clock, ...limits },
    discover: new Discover({ opco, store: turns, pagingOf, wait, scans: env.OPCOVIA_SYNC_SCANS, ...limits }),
    fetch: new FetchBatch({ opco, parallel: env.OPCOVIA_SYNC_PARALLEL_READS }),
    commit: new CommitBatch({
      ...{ database, events, signal, clock, ...limits },
      keep: new KeepDossiers(parts.snapshots, events, () => todayInParis(parts.clock.now())),
      notes: parts.notes,
      listCallsOf: (opcoId, dossiers) => listCalls(pagingOf(opcoId), dossiers),
      forget: parts.forget,
      counted: parts.counted,
    }),
    end: new EndSync({ database, events, signal, audit }),
    batch: env.OPCOVIA_SYNC_BATCH,
  });
  return new SyncWorker({
    ...{ sync, backOffMs: backOff, failed: parts.failed },
    claims: new SyncClaimRepository(database),
    concurrency: env.OPCOVIA_SYNC_CONCURRENCY,
    leaseSeconds: env.OPCOVIA_SYNC_LEASE_SECONDS,
    tickMs: env.OPCOVIA_TICK_MS,
  });
}

function listCalls(paging: OpcoAdapter['paging'] | undefined, dossiers: number): number {
  return paging?.kind === 'pages' ? Math.max(1, Math.ceil(dossiers / paging.size)) : 1;
}
