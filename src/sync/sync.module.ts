import { Module } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { AdaptersInForce } from '../core/adapters-in-force.js';
import { budgetKey } from '../core/keys.js';
import { InstancePermits } from '../hub/instance/instance-permits.js';
import { PipelineModule } from '../pipeline/pipeline.module.js';
import { PipelineRunner } from '../pipeline/pipeline.runner.js';
import { Database } from '../platform/database/database.js';
import { PollerModule } from '../poller/poller.module.js';
import { SnapshotRepository } from '../poller/snapshot.repository.js';
import { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { SyncDoor } from './sync-door.js';
import { SyncDuty } from './sync-duty.js';
import { SyncJobRepository } from './sync-job.repository.js';
import { SyncWake } from './sync-wake.js';

type DoorProviders = [
  SyncJobRepository,
  PipelineRunner,
  OpcoCredentialsRepository,
  SnapshotRepository,
  AdaptersInForce,
  InstancePermits,
];

/** Bulk synchronisation: asked for (every process), carried out (processes with the role `worker`). */
@Module({
  imports: [PipelineModule, PollerModule],
  providers: [
    SyncWake,
    {
      provide: SyncJobRepository,
      inject: [Database, AuditTrail, SyncWake],
      useFactory: (database: Database, audit: AuditTrail, waking: SyncWake) =>
        new SyncJobRepository({ database, audit, wake: () => waking.wake() }),
    },
    {
      provide: SyncDoor,
      inject: [
        SyncJobRepository,
        PipelineRunner,
        OpcoCredentialsRepository,
        SnapshotRepository,
        AdaptersInForce,
        InstancePermits,
      ],
      useFactory: (...[jobs, runner, credentials, snapshots, inForce, permits]: DoorProviders) =>
        new SyncDoor({
          ...{ jobs, runner, credentials, snapshots },
          pagingOf: (opcoId) => inForce.of(opcoId)?.paging,
          callsPerSecond: (opcoId, environment) => permits.look(budgetKey(opcoId, environment)).rate,
        }),
    },
    SyncDuty,
  ],
  exports: [SyncDoor, SyncJobRepository],
})
export class SyncModule {}
