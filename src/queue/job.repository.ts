import type { AuditAction } from '../audit/actions.js';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { JobError, JobPage, JobResolution, JobStep, JobTimelineEntry, JobView } from '../core/contract/job.js';
import { readCursor, writeCursor, type PageQuestion } from '../core/cursor.js';
import { fail, type Finding } from '../core/errors.js';
import type { Tenant, TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { wakeSameObject, type PlannedStep } from './attempt.repository.js';
import { bringBack, changeState } from './change-state.js';
import { isJobId, summaryColumns, toSummary, toTimeline, type SummaryRow } from './job-rows.js';
import { toSteps } from './job-steps.js';
import { KnownNumbersRepository } from './known-numbers.repository.js';
import { placeInLine, type BudgetOutlook } from './place-in-line.js';
import { resolveJob } from './resolve-job.js';
import { stepAnswers } from './step-answers.js';

/** What a list may be narrowed to. */
export interface JobFilter extends PageQuestion {
  readonly status?: string;
  readonly type?: string;
}

/** Who asks for a change of a job. */
export interface JobActor extends Pick<Author, 'requestId' | 'source'> {
  readonly tenant: Tenant;
  /** Staff, when it is not the tenant itself. */
  readonly by?: string;
}

interface ViewRow extends SummaryRow {
  readonly data_key_id: string;
  readonly error: string | null;
  readonly warnings: string | null;
  readonly timeline: JobTimelineEntry[];
  readonly step: number;
  readonly steps: readonly PlannedStep[] | null;
  readonly resolution: string | null;
  readonly environment: string;
}

const notFound = () => fail('NOT_FOUND', { detail: 'Aucun job de ce numéro chez cet OPCO.' });

/** What it works with. */
export interface JobRepositoryParts {
  readonly database: Database;
  readonly keys: Pick<DataKeys, 'open'>;
  readonly audit: Pick<AuditTrail, 'write'>;
  readonly events: Pick<EventLog, 'append'>;
  /** Tells the dispatcher that something is due at this OPCO. */
  readonly wake: (opcoId: string) => void;
  /** Called after the commit of a transaction that wrote an event. */
  readonly committed: () => void;
  /** What is known of the budgets in this process; absent where nothing is. */
  readonly outlook?: (opcoId: string, environment: string) => BudgetOutlook;
}

/** The jobs of a tenant, as it sees and operates them. Another tenant's job, or another OPCO's, does not exist: 404. */
export class JobRepository extends TenantScopedRepository {
  readonly #numbers: KnownNumbersRepository;

  constructor(private readonly parts: JobRepositoryParts) {
    super(parts.database);
    this.#numbers = new KnownNumbersRepository(parts.database);
  }

  view(tenant: TenantHash, opcoId: string, jobId: string): Promise<JobView> {
    return this.within(tenant, async (sql) => this.#view(sql, tenant, await find(sql, opcoId, jobId)));
  }

  list(tenant: TenantHash, opcoId: string, { status, type, cursor, limit }: JobFilter): Promise<JobPage> {
    const from = cursor === undefined ? undefined : readCursor(cursor);
    return this.within(tenant, async (sql) => {
      const rows = await sql.query<SummaryRow & { micros: string }>(
        `SELECT ${summaryColumns}, (extract(epoch FROM created_at) * 1000000)::bigint::text AS micros FROM jobs
         WHERE tenant_hash = $1 AND opco_id = $2 AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR type = $4)
           AND ($5::bigint IS NULL OR (created_at, id) < (timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $7`,
        [tenant, opcoId, status ?? null, type ?? null, from?.micros ?? null, from?.id ?? null, limit + 1],
      );
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        data: shown.map(toSummary),
        nextCursor: last ? writeCursor(last) : null,
      };
    });
  }

  /** Brings a failed job back: it certainly had no effect. 409 for any other, or when the same content was deposited anew since. */
  async retry(actor: JobActor, opcoId: string, jobId: string): Promise<JobView> {
    const { hash } = actor.tenant;
    const view = await this.within(hash, async (sql) => {
      const job = await find(sql, opcoId, jobId);
      await changeState(sql, job, { from: 'failed', to: 'pending', code: 'retried' });
      if (!(await bringBack(sql, jobId)))
        throw fail('CONFLICT', { detail: 'Le même contenu a été déposé de nouveau depuis ; suivez ce dépôt-là.' });
      await this.#trace(sql, actor, 'job.retried', job);
      return this.#view(sql, hash, await find(sql, opcoId, jobId));
    });
    this.parts.wake(opcoId);
    return view;
  }

  /** Takes a pending job back before it is sent. 409 once it is under way or over. */
  cancel(actor: JobActor, opcoId: string, jobId: string): Promise<JobView> {
    const { hash } = actor.tenant;
    return this.within(hash, async (sql) => {
      const job = await find(sql, opcoId, jobId);
      await changeState(sql, job, { from: 'pending', to: 'cancelled', code: 'cancelled' });
      await sql.query('DELETE FROM job_outbox WHERE job_id = $1', [jobId]);
      await wakeSameObject(sql, jobId);
      await this.#trace(sql, actor, 'job.cancelled', job);
      return this.#view(sql, hash, await find(sql, opcoId, jobId));
    });
  }

  /** Settles a job that waits for a person, by what that person found at the OPCO (see `resolveJob`). */
  async resolve(
    actor: JobActor,
    { opcoId, jobId }: { readonly opcoId: string; readonly jobId: string },
    resolution: JobResolution,
  ): Promise<JobView> {
    const { hash } = actor.tenant;
    const view = await this.within(hash, async (sql) => {
      const row = await find(sql, opcoId, jobId);
      const { type, status, step, steps } = row;
      const job = {
        ...{ id: jobId, tenant: hash, opcoId, type, status, step, steps, dataKeyId: row.data_key_id },
        ...{ resolution: row.resolution, updatedAt: row.updated_at },
      };
      const { keys, events } = this.parts;
      const changed = await resolveJob({ keys, events, numbers: this.#numbers }, sql, job, resolution);
      if (changed) await this.#trace(sql, actor, 'job.resolved', row);
      return this.#view(sql, hash, await find(sql, opcoId, jobId));
    });
    this.parts.committed();
    this.parts.wake(opcoId);
    return view;
  }

  async #view(sql: Sql, tenant: TenantHash, row: ViewRow): Promise<JobView> {
    const [kept] = await sql.query<{ result: string }>('SELECT result FROM job_results WHERE job_id = $1', [row.id]);
    const result =
      kept &&
      (await this.#open(sql, tenant, row, { sealed: kept.result, at: place('job_results', 'result', row.id, tenant) }));
    const warnings =
      row.warnings === null
        ? undefined
        : await this.#open(sql, tenant, row, {
            sealed: row.warnings,
            at: place('jobs', 'warnings', row.id, tenant),
          });
    // A deposit in doubt has kept why, but is not over.
    const error =
      row.error === null || row.status === 'pending' || row.status === 'processing'
        ? undefined
        : await this.#open(sql, tenant, row, { sealed: row.error, at: place('jobs', 'error', row.id, tenant) });
    return {
      ...toSummary(row),
      ...(row.status === 'pending' &&
        (await placeInLine(sql, tenant, row, this.parts.outlook?.(row.opco_id, row.environment)))),
      ...(row.steps && { steps: await this.#steps(sql, tenant, { ...row, steps: row.steps }) }),
      ...(result !== undefined && { result }),
      ...(error !== undefined && { error: error as JobError }),
      ...(warnings !== undefined && { warnings: warnings as Finding[] }),
      timeline: toTimeline(row.timeline),
    };
  }

  async #steps(sql: Sql, tenant: TenantHash, row: ViewRow & { steps: readonly PlannedStep[] }): Promise<JobStep[]> {
    try {
      const key = await this.parts.keys.open(sql, tenant, row.data_key_id);
      return toSteps({ ...row, results: await stepAnswers(sql, key, { id: row.id, tenant }) });
    } catch (error) {
      if (error instanceof UnsealError) return toSteps({ ...row, results: [] });
      throw error;
    }
  }

  /** Undefined when the person it is about was erased. */
  async #open(
    sql: Sql,
    tenant: TenantHash,
    row: ViewRow,
    { sealed, at }: { sealed: string; at: string },
  ): Promise<unknown> {
    try {
      const key = await this.parts.keys.open(sql, tenant, row.data_key_id);
      return JSON.parse(key.unseal(sealed, at).toString('utf8')) as unknown;
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }

  async #trace(
    sql: Sql,
    { tenant, by, requestId, source }: JobActor,
    action: AuditAction,
    row: ViewRow,
  ): Promise<void> {
    await this.parts.audit.write(sql, {
      tenant: tenant.hash,
      actor: by ?? `key:${tenant.keyId}`,
      action,
      object: `job:${row.id}`,
      result: 'ok',
      ...(requestId !== undefined && { requestId }),
      ...(source !== undefined && { source }),
      details: { opcoId: row.opco_id, type: row.type },
    });
  }
}

async function find(sql: Sql, opcoId: string, jobId: string): Promise<ViewRow> {
  if (!isJobId(jobId)) throw notFound();
  const [row] = await sql.query<ViewRow>(
    `SELECT ${summaryColumns}, data_key_id, error, warnings, timeline, step, steps, resolution, environment FROM jobs WHERE id = $1 AND opco_id = $2`,
    [jobId, opcoId],
  );
  if (!row) throw notFound();
  return row;
}
