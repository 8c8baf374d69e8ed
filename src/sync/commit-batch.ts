import type { Clock } from '../core/clock.js';
import type { Dossier } from '../core/contract/dossier.js';
import { OpcoviaError, type ErrorCode } from '../core/errors.js';
import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { BulkPlan, NoteBulkReads } from '../poller/note-bulk-reads.js';
import type { Sight } from '../poller/snapshot.repository.js';
import type { Sighting } from '../poller/keep-and-tell.js';
import type { KeepDossiers } from './keep-dossiers.js';
import { countsOf, type Outcome, progressAfter } from './batch-progress.js';
import { secondsLeft } from './pace.js';
import type { ClaimedSync } from './sync-claim.repository.js';
import type { StoredProgress } from './sync-rows.js';
import { holdClaim, tell, type TurnParts } from './sync-turn.repository.js';

/** A dossier that was read, or that could not be. */
export type ReadDossier =
  | { readonly numeroInterne: string; readonly dossier: Dossier }
  /** `again` when another try may help. */
  | { readonly numeroInterne: string; readonly code: ErrorCode; readonly again: boolean };

/** What was read since the checkpoint before. */
export interface Batch {
  readonly dossiers: readonly ReadDossier[];
  /** How long the reading took. */
  readonly seconds: number;
}

interface PlannedBatch extends Batch {
  /** When the reading of it began, by the monotonic clock. */
  readonly begun: number;
  readonly plan: BulkPlan;
}

/** What it works with. */
export interface CommitParts extends TurnParts {
  readonly keep: Pick<KeepDossiers, 'keepAll'>;
  /** Forgets cached answers about these entities. */
  readonly forget: (opcoId: string, tenant: TenantHash, entities: readonly string[]) => Promise<void>;
  /** Tells the poller's clock which dossiers were read. */
  readonly notes: Pick<NoteBulkReads, 'plan' | 'note'>;
  /** Calls that a list of so many dossiers takes. */
  readonly listCallsOf: (opcoId: string, dossiers: number) => number;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** Tries of one dossier before it is given up. */
  readonly attempts: number;
  /** Milliseconds before the next try after so many. */
  readonly backOffMs: (attempts: number) => number;
  /** Told after the commit how many dossiers came to what. */
  readonly counted: (opcoId: string, result: string, count: number) => void;
}

interface Settled {
  readonly numeroInterne: string;
  readonly outcome: Outcome;
  readonly code: ErrorCode | null;
}

/**
 * Commits a batch: the versions, what is told of them, the state of each dossier and the checkpoint in one transaction. So
 * a batch is either finished for good, or was never read as far as anybody knows. A paused synchronisation keeps the batch
 * that was under way; a cancelled one, and one that has passed to another process, does not.
 */
export class CommitBatch extends TenantScopedRepository {
  constructor(private readonly parts: CommitParts) {
    super(parts.database);
  }

  async commit(claim: ClaimedSync, batch: Batch): Promise<void> {
    if (batch.dossiers.length === 0) return;
    const begun = this.parts.clock.elapsed() - batch.seconds * 1000;
    const planned = { ...batch, begun, plan: await this.parts.notes.plan(claim.tenant, claim.opcoId) };
    const settled = await this.#write(claim, planned, false).catch((error: unknown) => {
      // Of what PostgreSQL or a key refuses, one dossier is the cause: it must not hold up the others for ever.
      if (error instanceof OpcoviaError) throw error;
      return this.#write(claim, planned, true);
    });
    this.parts.signal.announce();
    for (const [result, count] of Object.entries(countsOf(settled.map(({ outcome }) => outcome)))) {
      if (count > 0) this.parts.counted(claim.opcoId, result, count);
    }
  }

  async #write(claim: ClaimedSync, batch: PlannedBatch, careful: boolean): Promise<Settled[]> {
    const { dossiers, seconds } = batch;
    return this.within(claim.tenant.hash, async (sql) => {
      const { progress } = await holdClaim(sql, claim, ['running', 'paused']);
      const attempts = await attemptsOf(sql, claim, dossiers);
      // In one order, and the one in which the poller counts absences: neither waits for the other in a circle.
      const reads = [...dossiers].sort(byNumber);
      const outcomes = await this.#keep(sql, claim, { reads, ageSeconds: this.#ageOf(batch) }, careful);
      const settled = reads.map((read) => this.#settled(read, outcomes, attempts));
      await this.#mark(sql, claim, settled, attempts);
      await this.#note(sql, claim, batch, { settled, seen: progress.seen });
      const outcomesOf = settled.map(({ outcome }) => outcome);
      await this.#advance(sql, claim, progress, progressAfter(progress, outcomesOf, seconds));
      await this.#forgetChanged(claim, settled);
      return settled;
    });
  }

  /** What became of those that could be read; `careful`: one by one, and what cannot be kept fails alone. */
  async #keep(
    sql: Sql,
    { tenant, opcoId }: ClaimedSync,
    { reads, ageSeconds }: { readonly reads: readonly ReadDossier[]; readonly ageSeconds: number },
    careful: boolean,
  ): Promise<ReadonlyMap<string, Sighting | 'failed'>> {
    const sights = reads.flatMap((read) =>
      'code' in read
        ? []
        : [{ name: { opcoId, numeroInterne: read.numeroInterne }, dossier: read.dossier, ageSeconds }],
    );
    const outcomes: (Sighting | 'failed')[] = careful ? [] : await this.parts.keep.keepAll(sql, tenant.hash, sights);
    if (careful) for (const sight of sights) outcomes.push(await this.#keepAlone(sql, tenant.hash, sight));
    return new Map(sights.map(({ name }, at) => [name.numeroInterne, outcomes[at] ?? 'failed']));
  }

  async #keepAlone(sql: Sql, tenant: TenantHash, sight: Sight): Promise<Sighting | 'failed'> {
    await sql.query('SAVEPOINT dossier');
    try {
      const [sighting = 'failed'] = await this.parts.keep.keepAll(sql, tenant, [sight]);
      await sql.query('RELEASE SAVEPOINT dossier');
      return sighting;
    } catch {
      await sql.query('ROLLBACK TO SAVEPOINT dossier');
      return 'failed';
    }
  }

  #settled(
    read: ReadDossier,
    outcomes: ReadonlyMap<string, Sighting | 'failed'>,
    attempts: ReadonlyMap<string, number>,
  ): Settled {
    const { numeroInterne } = read;
    if ('code' in read) {
      const last = (attempts.get(numeroInterne) ?? 0) + 1 >= this.parts.attempts;
      return { numeroInterne, outcome: read.again && !last ? null : 'failed', code: read.code };
    }
    const outcome = outcomes.get(numeroInterne) ?? 'failed';
    return { numeroInterne, outcome, code: outcome === 'failed' ? 'INTERNAL_ERROR' : null };
  }

  async #mark(
    sql: Sql,
    { syncId, tenant }: ClaimedSync,
    settled: readonly Settled[],
    attempts: ReadonlyMap<string, number>,
  ): Promise<void> {
    await sql.query(
      `UPDATE sync_dossiers d SET outcome = s.outcome, reason = s.reason, attempts = d.attempts + 1,
         next_at = now() + make_interval(secs => s.seconds)
       FROM unnest($3::text[], $4::text[], $5::text[], $6::float8[]) AS s(numero, outcome, reason, seconds)
       WHERE d.sync_id = $1 AND d.tenant_hash = $2 AND d.numero_interne = s.numero`,
      [
        syncId,
        tenant.hash,
        settled.map((each) => each.numeroInterne),
        settled.map((each) => each.outcome),
        settled.map((each) => each.code),
        settled.map(({ outcome, numeroInterne }) =>
          outcome === null ? this.parts.backOffMs(attempts.get(numeroInterne) ?? 0) / 1000 : 0,
        ),
      ],
    );
  }

  /** What was read here needs no reading by the poller soon. */
  async #note(
    sql: Sql,
    { tenant, opcoId }: ClaimedSync,
    batch: PlannedBatch,
    { settled, seen }: { readonly settled: readonly Settled[] } & Pick<StoredProgress, 'seen'>,
  ): Promise<void> {
    const outcomes = new Map(settled.map((each) => [each.numeroInterne, each.outcome]));
    const details = batch.dossiers.flatMap((read) => {
      const outcome = outcomes.get(read.numeroInterne);
      return 'code' in read || outcome === 'failed' ? [] : [{ ...read, changed: outcome === 'changed' }];
    });
    const listCalls = this.parts.listCallsOf(opcoId, seen);
    const ageSeconds = this.#ageOf(batch);
    await this.parts.notes.note(sql, tenant.hash, batch.plan, { details, dossiers: seen, listCalls, ageSeconds });
  }

  #ageOf({ begun }: PlannedBatch): number {
    return (this.parts.clock.elapsed() - begun) / 1000;
  }

  async #advance(sql: Sql, claim: ClaimedSync, before: StoredProgress, progress: StoredProgress): Promise<void> {
    await sql.query('UPDATE sync_jobs SET progress = $2, failures = 0, updated_at = now() WHERE id = $1', [
      claim.syncId,
      JSON.stringify(progress),
    ]);
    // Nothing but dossiers that will be read again is no batch that anybody waits for.
    if (progress.batches === before.batches) return;
    const { batches, done, seen, rate, new: added, changed, unchanged, failed } = progress;
    const left = secondsLeft(seen - done, rate);
    await tell(this.parts.events, sql, claim, {
      type: 'sync.batch',
      data: {
        ...{ batch: batches, done, total: seen, new: added, changed, unchanged, failed },
        rate: rate === null ? null : Math.round(rate * 100) / 100,
        etaSeconds: left === null ? null : Math.ceil(left),
      },
    });
  }

  /** Before the commit: a crash between the two may cost a fresh answer, never leave an old one. */
  async #forgetChanged({ opcoId, tenant }: ClaimedSync, settled: readonly Settled[]): Promise<void> {
    const changed = settled
      .filter(({ outcome }) => outcome === 'changed')
      .map((each) => `dossier:${each.numeroInterne}`);
    if (changed.length > 0) await this.parts.forget(opcoId, tenant.hash, changed);
  }
}

async function attemptsOf(
  sql: Sql,
  { syncId, tenant }: ClaimedSync,
  dossiers: readonly ReadDossier[],
): Promise<Map<string, number>> {
  const failed = dossiers.filter((read) => 'code' in read).map((read) => read.numeroInterne);
  if (failed.length === 0) return new Map();
  const rows = await sql.query<{ numero_interne: string; attempts: number }>(
    'SELECT numero_interne, attempts FROM sync_dossiers WHERE sync_id = $1 AND tenant_hash = $2 AND numero_interne = ANY ($3)',
    [syncId, tenant.hash, failed],
  );
  return new Map(rows.map((row) => [row.numero_interne, row.attempts]));
}

/** As the "C" collation has them: JavaScript compares halves of characters beyond the first 65,536. */
function byNumber(one: ReadDossier, other: ReadDossier): number {
  return Buffer.compare(Buffer.from(one.numeroInterne), Buffer.from(other.numeroInterne));
}
