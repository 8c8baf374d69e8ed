import { readTenantHash, type Environment, type Tenant, type TenantHash } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';

/** Which failed deposits are meant; what is absent narrows nothing. */
export interface DeadLetterFilter {
  readonly tenant?: TenantHash;
  readonly opcoId?: string;
  readonly type?: string;
  /** Code of the last entry of the timeline: why it failed. */
  readonly code?: string;
  /** Failed at or after this moment. */
  readonly since?: Date;
  /** Failed before this moment. */
  readonly until?: Date;
}

/** A failed deposit whose content is still there. */
export interface DeadLetter {
  readonly jobId: string;
  readonly tenant: TenantHash;
  readonly environment: Environment;
  readonly opcoId: string;
  readonly type: string;
  readonly code: string;
  readonly failedAt: Date;
}

/** How many there are: those that can be brought back, and those whose content was deposited anew since. */
export interface DeadLetterCount {
  readonly retryable: number;
  readonly replaced: number;
}

interface Row {
  readonly id: string;
  readonly tenant_hash: string;
  readonly environment: Environment;
  readonly opco_id: string;
  readonly type: string;
  readonly code: string;
  readonly completed_at: Date;
}

// Served by the index jobs_to_purge: what failed and was not purged is few.
const failed = `
  FROM jobs j WHERE j.status = 'failed' AND j.purged_at IS NULL AND j.payload IS NOT NULL
    AND ($1::text IS NULL OR j.tenant_hash = $1) AND ($2::text IS NULL OR j.opco_id = $2) AND ($3::text IS NULL OR j.type = $3)
    AND ($4::text IS NULL OR j.timeline->-1->>'code' = $4)
    AND ($5::timestamptz IS NULL OR j.completed_at >= $5) AND ($6::timestamptz IS NULL OR j.completed_at < $6)`;
const claimed = 'EXISTS (SELECT 1 FROM idempotency_claims c WHERE c.job_id = j.id)';

/** Failed deposits: of one tenant in its own transaction, or across tenants for staff. */
export class DeadLettersRepository {
  constructor(private readonly database: Pick<Database, 'asTenant' | 'asSystem'>) {}

  /** Those that can be brought back, oldest first. */
  retryable(filter: DeadLetterFilter, limit: number, by?: Tenant): Promise<DeadLetter[]> {
    return this.#list(filter, limit, { by, only: `AND ${claimed}` });
  }

  /** All of them, oldest first. */
  list(filter: DeadLetterFilter, limit: number): Promise<DeadLetter[]> {
    return this.#list(filter, limit, { by: undefined, only: '' });
  }

  async count(filter: DeadLetterFilter, by?: Tenant): Promise<DeadLetterCount> {
    const [row] = await this.#as(by, (sql) =>
      sql.query<DeadLetterCount>(
        `SELECT count(*) FILTER (WHERE ${claimed})::int AS retryable, count(*) FILTER (WHERE NOT ${claimed})::int AS replaced
         ${failed}`,
        valuesOf(filter, by),
      ),
    );
    return row ?? { retryable: 0, replaced: 0 };
  }

  /** PostgreSQL's time: what fails from now on is no part of a redrive that begins now. */
  async now(): Promise<Date> {
    const [row] = await this.database.asSystem((sql) => sql.query<{ now: Date }>('SELECT clock_timestamp() AS now'));
    return row?.now ?? new Date();
  }

  async #list(
    filter: DeadLetterFilter,
    limit: number,
    { by, only }: { readonly by: Tenant | undefined; readonly only: string },
  ): Promise<DeadLetter[]> {
    const rows = await this.#as(by, (sql) =>
      sql.query<Row>(
        `SELECT j.id, j.tenant_hash, j.environment, j.opco_id, j.type, j.timeline->-1->>'code' AS code, j.completed_at
         ${failed} ${only} ORDER BY coalesce(j.completed_at, j.updated_at), j.id LIMIT $7`,
        [...valuesOf(filter, by), limit],
      ),
    );
    return rows.map(toDeadLetter);
  }

  #as<T>(by: Tenant | undefined, work: (sql: Sql) => Promise<T>): Promise<T> {
    return by ? this.database.asTenant(by.hash, work) : this.database.asSystem(work);
  }
}

function valuesOf({ tenant, opcoId, type, code, since, until }: DeadLetterFilter, by: Tenant | undefined): unknown[] {
  return [by?.hash ?? tenant ?? null, opcoId ?? null, type ?? null, code ?? null, since ?? null, until ?? null];
}

function toDeadLetter(row: Row): DeadLetter {
  return {
    jobId: row.id,
    tenant: readTenantHash(row.tenant_hash),
    environment: row.environment,
    opcoId: row.opco_id,
    type: row.type,
    code: row.code,
    failedAt: row.completed_at,
  };
}
