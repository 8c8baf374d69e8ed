import { readTenantHash, type Environment, type TenantHash } from '../core/tenant.js';
import type { Database } from '../platform/database/database.js';
import { dueOrder } from './due-order.js';
import type { Turns } from './turns.js';

/** One job on its way into BullMQ. */
export interface DueJob {
  readonly jobId: string;
  readonly tenant: TenantHash;
  /** The moment it was marked, PostgreSQL's microseconds: makes the BullMQ id of each enqueueing unique. */
  readonly stamp: string;
}

/** A job that was put into BullMQ a while ago and has not begun. */
export interface OldEntry extends DueJob {
  readonly opcoId: string;
  readonly ageSeconds: number;
}

/** What one look of the dispatcher asks for. */
export interface DueQuestion {
  readonly opcoId: string;
  /** Those that the OPCO does not refuse at the moment. */
  readonly environments: readonly Environment[];
  /** Tenants that the OPCO refuses at the moment, each on its own. */
  readonly held?: readonly TenantHash[];
  /** Most rows to take. */
  readonly room: number;
  /** What each tenant had lately; what is taken is noted there. */
  readonly turns: Turns;
}

interface Row {
  readonly job_id: string;
  readonly tenant_hash: string;
  readonly stamp: string;
}

const stampOf = '(extract(epoch FROM o.enqueued_at) * 1000000)::bigint::text AS stamp';

interface TakenRow extends Row {
  readonly weight: number;
  readonly floor: number;
}

// Tenants are found by hopping over the index, and each gives its first rows only: the price follows the number of tenants that
// wait, not the length of any backlog. A tenant's turn counts what it has in BullMQ already and what it owes (`Turns`), each in
// turns of weight one: so the slots, and the turns while none is held for long, are shared by weight. The bound on the order
// follows from the one on run_at; it keeps the scan away from what waits for later.
const takeDue = `
  WITH RECURSIVE waiting(tenant_hash) AS (
    (SELECT min(o.tenant_hash) FROM job_outbox o WHERE o.opco_id = $1 AND o.enqueued_at IS NULL)
    UNION ALL
    SELECT (SELECT min(o.tenant_hash) FROM job_outbox o
            WHERE o.opco_id = $1 AND o.enqueued_at IS NULL AND o.tenant_hash > w.tenant_hash)
    FROM waiting w WHERE w.tenant_hash IS NOT NULL
  ), share AS (
    SELECT w.tenant_hash, coalesce(t.weight, 1)::float8 AS weight, coalesce(m.debt, 0) AS debt
    FROM waiting w LEFT JOIN tenants t USING (tenant_hash)
      LEFT JOIN unnest($3::text[], $4::float8[]) AS m(tenant_hash, debt) USING (tenant_hash)
    WHERE w.tenant_hash IS NOT NULL AND w.tenant_hash <> ALL ($6::text[])
  ), due AS (
    SELECT s.tenant_hash, s.weight, s.debt, d.job_id, (e.enqueued + d.rank) / s.weight + s.debt AS turn
    FROM share s
    CROSS JOIN LATERAL (
      SELECT count(*) AS enqueued FROM job_outbox o
      WHERE o.opco_id = $1 AND o.tenant_hash = s.tenant_hash AND o.enqueued_at IS NOT NULL) e
    CROSS JOIN LATERAL (
      SELECT first.job_id, row_number() OVER (ORDER BY first.due_order, first.job_id) AS rank
      FROM unnest($5::text[]) AS lane(environment) CROSS JOIN LATERAL (
            SELECT o.job_id, ${dueOrder('o')} AS due_order FROM job_outbox o
            WHERE o.opco_id = $1 AND o.tenant_hash = s.tenant_hash AND o.environment = lane.environment
              AND o.enqueued_at IS NULL AND o.run_at <= now()
              AND ${dueOrder('o')} <= now() AT TIME ZONE 'UTC' + interval '7 days'
            ORDER BY due_order, o.job_id LIMIT $2) first) d
  ), chosen AS (
    SELECT o.job_id, due.turn, due.weight FROM job_outbox o JOIN due ON due.job_id = o.job_id
    WHERE o.enqueued_at IS NULL
    ORDER BY due.turn, due.tenant_hash
    LIMIT $2 FOR UPDATE OF o SKIP LOCKED
  ), marked AS (
    UPDATE job_outbox o SET enqueued_at = clock_timestamp() FROM chosen WHERE o.job_id = chosen.job_id
    RETURNING o.job_id, o.tenant_hash, chosen.turn, chosen.weight, ${stampOf}
  )
  SELECT job_id, tenant_hash, stamp, weight, (SELECT min(debt) FROM due) AS floor FROM marked ORDER BY turn, tenant_hash`;

/** The due times of all non-terminal jobs, across tenants: ids only. */
export class OutboxRepository {
  constructor(private readonly database: Pick<Database, 'asSystem'>) {}

  /**
   * Marks due rows as enqueued and gives them: fairly between tenants by weight, by deadline within each; rows that another
   * instance is taking are passed over.
   */
  async takeDue({ opcoId, environments, held = [], room, turns }: DueQuestion): Promise<DueJob[]> {
    const { debts } = turns;
    const rows = await this.database.asSystem((sql) =>
      sql.query<TakenRow>(takeDue, [
        ...[opcoId, room, [...debts.keys()], [...debts.values()]],
        ...[environments, held],
      ]),
    );
    turns.note(rows.map(({ tenant_hash: tenant, weight, floor }) => ({ tenant, weight, floor })));
    return rows.map(toDueJob);
  }

  /** OPCOs at which something is due now. */
  async opcosWithDueJobs(): Promise<string[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<{ opco_id: string }>(
        'SELECT DISTINCT opco_id FROM job_outbox WHERE enqueued_at IS NULL AND run_at <= now()',
      ),
    );
    return rows.map((row) => row.opco_id);
  }

  /** Takes a mark back, unless the row has been rescheduled or enqueued anew since. */
  async putBack(jobs: readonly Pick<DueJob, 'jobId' | 'stamp'>[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.database.asSystem((sql) =>
      sql.query(
        `UPDATE job_outbox o SET enqueued_at = NULL FROM unnest($1::uuid[], $2::text[]) AS m(job_id, stamp)
         WHERE o.job_id = m.job_id AND (extract(epoch FROM o.enqueued_at) * 1000000)::bigint::text = m.stamp`,
        [jobs.map(({ jobId }) => jobId), jobs.map(({ stamp }) => stamp)],
      ),
    );
  }

  /** Pending jobs that were enqueued longer ago than the grace: perhaps BullMQ has lost them. */
  async enqueuedLongAgo(graceSeconds: number): Promise<OldEntry[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<Row & { opco_id: string; age: number }>(
        `SELECT o.job_id, o.tenant_hash, o.opco_id, ${stampOf}, extract(epoch FROM now() - o.enqueued_at)::float8 AS age
         FROM job_outbox o JOIN jobs j ON j.id = o.job_id
         WHERE o.enqueued_at < now() - make_interval(secs => $1::float8) AND j.status = 'pending'
         ORDER BY o.enqueued_at LIMIT 1000`,
        [graceSeconds],
      ),
    );
    return rows.map((row) => ({ ...toDueJob(row), opcoId: row.opco_id, ageSeconds: row.age }));
  }
}

function toDueJob(row: Row): DueJob {
  return { jobId: row.job_id, tenant: readTenantHash(row.tenant_hash), stamp: row.stamp };
}
