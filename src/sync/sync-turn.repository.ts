import { fail } from '../core/errors.js';
import type { EventData } from '../core/contract/event-data.js';
import type { EventType, NewEvent } from '../core/events.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { WaitReason } from './judge-failure.js';
import type { ClaimedSync } from './sync-claim.repository.js';
import { noProgress, type StoredProgress } from './sync-rows.js';

/** Where a synchronisation stands when somebody takes it up. */
export interface SyncState {
  readonly phase: 'discovery' | 'details';
  /** Scans of the list that stayed incomplete. */
  readonly scans: number;
  /** Whether the list was seen to its end. */
  readonly complete: boolean;
  /** Turns in a row that came to nothing. */
  readonly failures: number;
  readonly waiting: WaitReason | null;
  readonly progress: StoredProgress;
}

interface StateRow {
  readonly status: string;
  readonly phase: SyncState['phase'];
  readonly waiting: WaitReason | null;
  readonly failures: number;
  readonly checkpoint: { readonly scans?: number; readonly complete?: boolean };
  readonly progress: Partial<StoredProgress>;
}

/** What follows a scan: the details, one more scan, or the end, since scan after scan has shown nothing that can be trusted. */
export type ScanEnd = 'found' | 'again' | 'nothing';

/** What is still to be read. */
export interface Rest {
  readonly open: number;
  /** Seconds until the next of them may be read; 0 when one may be now. */
  readonly inSeconds: number;
}

/** What it works with. */
export interface TurnParts {
  readonly database: Database;
  readonly events: Pick<EventLog, 'append'>;
  readonly signal: Pick<CommitSignal, 'announce'>;
}

/** Rows of a list that goes into one statement. */
const mostRows = 5000;

/** The claim has passed to somebody else, or its owner has ended it: whoever meets this stops, and writes nothing more. */
export const lostClaim = () => fail('CONFLICT', { detail: 'Cette synchronisation a été reprise ou arrêtée.' });

/** Locks the row of a claim that still holds; throws `lostClaim` for any other. The first statement of every write of a turn. */
export async function holdClaim(
  sql: Sql,
  { syncId, tenant, fence }: ClaimedSync,
  statuses: readonly string[] = ['running'],
): Promise<SyncState & { readonly status: string }> {
  const [row] = await sql.query<StateRow>(
    `SELECT status, phase, waiting, failures, checkpoint, progress FROM sync_jobs
     WHERE id = $1 AND tenant_hash = $2 AND fence = $3 AND status = ANY ($4) FOR UPDATE`,
    [syncId, tenant.hash, fence, statuses],
  );
  if (!row) throw lostClaim();
  const { scans = 0, complete = false } = row.checkpoint;
  return { ...row, scans, complete, progress: { ...noProgress, ...row.progress } };
}

type SyncEventType = Extract<EventType, `sync.${string}`>;

/** Writes an event about a synchronisation; its receivers get those of one synchronisation in order. */
export function tell<T extends SyncEventType>(
  events: TurnParts['events'],
  sql: Sql,
  { syncId, tenant, opcoId }: ClaimedSync,
  { type, data }: { readonly type: T; readonly data: Omit<EventData[T], 'syncId'> },
): Promise<string> {
  const event = { type, opcoId, subject: `sync:${syncId}`, data: { syncId, ...data } };
  // The compiler has judged type and data together above; spread together with the id it cannot see that they still belong together.
  return events.append(sql, tenant.hash, event as NewEvent);
}

/** What the holder of a claim reads and writes on its way to the batches: the start, the list, what is left. */
export class SyncTurnRepository extends TenantScopedRepository {
  constructor(private readonly parts: TurnParts) {
    super(parts.database);
  }

  /** Takes it up; tells of the start when it is the first time. */
  async begin(claim: ClaimedSync): Promise<SyncState> {
    const state = await this.within(claim.tenant.hash, async (sql) => {
      const held = await holdClaim(sql, claim, ['pending', 'running']);
      await sql.query(
        `UPDATE sync_jobs SET status = 'running', waiting = NULL, started_at = coalesce(started_at, now()), updated_at = now()
         WHERE id = $1`,
        [claim.syncId],
      );
      if (held.status === 'pending') await tell(this.parts.events, sql, claim, { type: 'sync.started', data: {} });
      return held;
    });
    if (state.status === 'pending') this.parts.signal.announce();
    return state;
  }

  /** Notes the numbers of a page; those that are known already stay as they are. */
  addFound(claim: ClaimedSync, numerosInternes: readonly string[]): Promise<void> {
    return this.within(claim.tenant.hash, async (sql) => {
      await holdClaim(sql, claim);
      let added = 0;
      for (let from = 0; from < numerosInternes.length; from += mostRows) {
        const rows = await sql.query(
          `INSERT INTO sync_dossiers (sync_id, tenant_hash, numero_interne)
           SELECT $1, $2, numero FROM unnest($3::text[]) AS numero ON CONFLICT DO NOTHING RETURNING 1`,
          [claim.syncId, claim.tenant.hash, numerosInternes.slice(from, from + mostRows)],
        );
        added += rows.length;
      }
      await sql.query(
        `UPDATE sync_jobs SET failures = 0, updated_at = now(),
           progress = progress || jsonb_build_object('seen', coalesce((progress ->> 'seen')::int, 0) + $2::int)
         WHERE id = $1`,
        [claim.syncId, added],
      );
    });
  }

  /** A scan came to its end. An incomplete one has to do once it is the `last`, unless it has found nothing at all. */
  endScan(
    claim: ClaimedSync,
    { complete, last }: { readonly complete: boolean; readonly last: boolean },
  ): Promise<ScanEnd> {
    return this.within(claim.tenant.hash, async (sql) => {
      const { scans, progress } = await holdClaim(sql, claim);
      const found = complete || (last && progress.seen > 0);
      await sql.query(
        'UPDATE sync_jobs SET phase = $2, checkpoint = $3, failures = 0, updated_at = now() WHERE id = $1',
        [
          claim.syncId,
          found ? 'details' : 'discovery',
          JSON.stringify({ scans: complete ? scans : scans + 1, complete }),
        ],
      );
      if (found) return 'found';
      return last ? 'nothing' : 'again';
    });
  }

  /** Numbers that may be read now, in their order, after that one. */
  async open(claim: ClaimedSync, after: string, limit: number): Promise<string[]> {
    const rows = await this.within(claim.tenant.hash, (sql) =>
      sql.query<{ numero_interne: string }>(
        `SELECT numero_interne FROM sync_dossiers
         WHERE sync_id = $1 AND tenant_hash = $2 AND outcome IS NULL AND next_at <= now() AND numero_interne > $3
         ORDER BY numero_interne LIMIT $4`,
        [claim.syncId, claim.tenant.hash, after, limit],
      ),
    );
    return rows.map((row) => row.numero_interne);
  }

  rest(claim: ClaimedSync): Promise<Rest> {
    return this.within(claim.tenant.hash, async (sql) => {
      const [row] = await sql.query<{ open: number; seconds: number | null }>(
        `SELECT count(*)::int AS open, extract(epoch FROM min(next_at) - now())::float8 AS seconds
         FROM sync_dossiers WHERE sync_id = $1 AND tenant_hash = $2 AND outcome IS NULL`,
        [claim.syncId, claim.tenant.hash],
      );
      return { open: row?.open ?? 0, inSeconds: Math.max(0, row?.seconds ?? 0) };
    });
  }
}
