import type { Finding } from '../core/errors.js';
import type { Tenant } from '../core/tenant.js';
import type { FreshKey } from '../tenancy/data-keys.js';
import type { PlannedStep } from './attempt.repository.js';
import { deadlineOf } from './deadline-of.js';
import type { DepositType } from './deposit-types.js';
import type { ClaimKey } from './idempotency.js';
import { stepProgress, waitingProgress } from './job-texts.js';
import type { StagedFiles, StoredFile } from './staging.js';

/** A deposit whose body has already been found valid. */
export interface DepositToAccept {
  readonly tenant: Tenant;
  readonly opcoId: string;
  readonly type: DepositType;
  /** The route as the contract names it; part of the fingerprint. */
  readonly route: string;
  /** Without its files. */
  readonly body: unknown;
  /** Its files, stored already or held; absent when there are none. */
  readonly staged?: StagedFiles;
  /** What is doubtful and taken in all the same: it stands in the job. Never repeats a value of the body. */
  readonly warnings?: readonly Finding[];
  /** The parts of its natural key, where its type has one: only one deposit of an object is under way at a time. */
  readonly naturalKey?: readonly string[];
  /** The plan of a composite deposit. */
  readonly steps?: readonly PlannedStep[];
  /** As `readIdempotencyKey` gave it. */
  readonly idempotencyKey?: string | undefined;
  readonly requestId: string;
  /** The caller's network, as `networkOf` shortens it. */
  readonly source?: string;
}

/** A deposit sealed and named, as `accept_deposits` takes it. */
export interface Candidate {
  readonly jobId: string;
  readonly deposit: DepositToAccept;
  readonly claim: ClaimKey;
  readonly content: Buffer;
  readonly key: FreshKey;
  readonly files: readonly StoredFile[];
  readonly payload: string;
  /** Sealed: a doubt about an apprentice says something of him. Null without any. */
  readonly warnings: string | null;
  readonly effectKey: Buffer | null;
}

/** The arguments of `accept_deposits`, one array a column. */
export function columns(candidates: readonly Candidate[]): unknown[] {
  const now = new Date();
  const of = <T>(read: (candidate: Candidate) => T) => candidates.map(read);
  return [
    of(({ jobId }) => jobId),
    of(({ deposit }) => deposit.tenant.hash),
    of(({ deposit }) => deposit.tenant.environment),
    of(({ deposit }) => deposit.opcoId),
    of(({ deposit }) => deposit.type),
    of(({ claim }) => claim.hash),
    of(({ claim }) => claim.implicit),
    of(({ content }) => content),
    of(({ key }) => key.id),
    of(({ key }) => key.subject),
    of(({ key }) => key.wrapped),
    of(({ payload }) => payload),
    of(({ deposit: { steps } }) => JSON.stringify(steps ? stepProgress(steps, 0) : waitingProgress)),
    of(({ deposit }) => deposit.requestId),
    of(({ deposit }) => `key:${deposit.tenant.keyId}`),
    of(({ deposit }) => deposit.source ?? null),
    of(({ files }) => JSON.stringify(files.map(({ id }) => id))),
    of(({ warnings }) => warnings),
    of(({ effectKey }) => effectKey),
    of(({ deposit }) => JSON.stringify(deposit.steps ?? null)),
    of(({ deposit: { type, body } }) => deadlineOf(type, body, now) ?? null),
  ];
}
