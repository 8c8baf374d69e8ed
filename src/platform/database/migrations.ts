import { CreateRoles1764000001000 } from '../../../migrations/1764000001000-CreateRoles.js';
import { CreateTenants1764000002000 } from '../../../migrations/1764000002000-CreateTenants.js';
import { CreateKeyMaterial1764000003000 } from '../../../migrations/1764000003000-CreateKeyMaterial.js';
import { CreateAudit1764000004000 } from '../../../migrations/1764000004000-CreateAudit.js';
import { CreateJobs1764000005000 } from '../../../migrations/1764000005000-CreateJobs.js';
import { CreateAcceptDeposits1764000006000 } from '../../../migrations/1764000006000-CreateAcceptDeposits.js';
import { CreateEvents1764000007000 } from '../../../migrations/1764000007000-CreateEvents.js';
import { CreateWebhooks1764000008000 } from '../../../migrations/1764000008000-CreateWebhooks.js';
import { CreateSnapshots1764000009000 } from '../../../migrations/1764000009000-CreateSnapshots.js';
import { CreateSyncJobs1764000010000 } from '../../../migrations/1764000010000-CreateSyncJobs.js';
import { CreateLeaders1764000011000 } from '../../../migrations/1764000011000-CreateLeaders.js';
import { AnnounceKeyChanges1764000012000 } from '../../../migrations/1764000012000-AnnounceKeyChanges.js';
import { IndexRingKeys1764000013000 } from '../../../migrations/1764000013000-IndexRingKeys.js';
import { AddAuditSource1764000014000 } from '../../../migrations/1764000014000-AddAuditSource.js';
import { AnnounceCredentialChanges1764000014500 } from '../../../migrations/1764000014500-AnnounceCredentialChanges.js';
import { CreateDepositFiles1764000015000 } from '../../../migrations/1764000015000-CreateDepositFiles.js';
import { AcceptDepositsWithFiles1764000016000 } from '../../../migrations/1764000016000-AcceptDepositsWithFiles.js';
import { AddEffects1764000017000 } from '../../../migrations/1764000017000-AddEffects.js';
import { AddSteps1764000018000 } from '../../../migrations/1764000018000-AddSteps.js';
import { WeighTenants1764000020000 } from '../../../migrations/1764000020000-WeighTenants.js';
import { OrderByDeadline1764000021000 } from '../../../migrations/1764000021000-OrderByDeadline.js';
import { IndexEndedJobs1764000022000 } from '../../../migrations/1764000022000-IndexEndedJobs.js';
import { MarkPurgedJobs1764000023000 } from '../../../migrations/1764000023000-MarkPurgedJobs.js';
import { IndexRetention1764000024000 } from '../../../migrations/1764000024000-IndexRetention.js';
import { AcceptDepositsOnce1764000025000 } from '../../../migrations/1764000025000-AcceptDepositsOnce.js';
import { WatchWebhooks1764000026000 } from '../../../migrations/1764000026000-WatchWebhooks.js';
import { IndexDeliveries1764000026500 } from '../../../migrations/1764000026500-IndexDeliveries.js';
import { CarrySyncs1764000029000 } from '../../../migrations/1764000029000-CarrySyncs.js';
import { CreateWatchedDossiers1764000031000 } from '../../../migrations/1764000031000-CreateWatchedDossiers.js';
import { ChainSnapshots1764000031100 } from '../../../migrations/1764000031100-ChainSnapshots.js';
import { SteerPolling1764000031200 } from '../../../migrations/1764000031200-SteerPolling.js';
import { CreateHub1764000032000 } from '../../../migrations/1764000032000-CreateHub.js';
import { WatchFactures1764000033000 } from '../../../migrations/1764000033000-WatchFactures.js';
import { OverrideBudgets1764000034000 } from '../../../migrations/1764000034000-OverrideBudgets.js';

/** Every migration, oldest first; a new one is added at the end and an old one is never edited. */
export const migrations = [
  CreateRoles1764000001000,
  CreateTenants1764000002000,
  CreateKeyMaterial1764000003000,
  CreateAudit1764000004000,
  CreateJobs1764000005000,
  CreateAcceptDeposits1764000006000,
  CreateEvents1764000007000,
  CreateWebhooks1764000008000,
  CreateSnapshots1764000009000,
  CreateSyncJobs1764000010000,
  CreateLeaders1764000011000,
  AnnounceKeyChanges1764000012000,
  IndexRingKeys1764000013000,
  AddAuditSource1764000014000,
  AnnounceCredentialChanges1764000014500,
  CreateDepositFiles1764000015000,
  AcceptDepositsWithFiles1764000016000,
  AddEffects1764000017000,
  AddSteps1764000018000,
  WeighTenants1764000020000,
  OrderByDeadline1764000021000,
  IndexEndedJobs1764000022000,
  MarkPurgedJobs1764000023000,
  IndexRetention1764000024000,
  AcceptDepositsOnce1764000025000,
  WatchWebhooks1764000026000,
  IndexDeliveries1764000026500,
  CarrySyncs1764000029000,
  CreateWatchedDossiers1764000031000,
  ChainSnapshots1764000031100,
  SteerPolling1764000031200,
  CreateHub1764000032000,
  WatchFactures1764000033000,
  OverrideBudgets1764000034000,
];
