import type { Database, Sql } from '../../platform/database/database.js';
import type { BudgetOverride, RunningOverride } from './override.js';

/** What a change says; the time of setting is PostgreSQL's. */
export type OverrideOrder = Omit<BudgetOverride, 'setAt'>;

const columns = `opco_id AS "opcoId", environment, rate, burst, mode, reason, set_by AS "setBy", set_at AS "setAt",
  expires_at AS "expiresAt", (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::float8 AS "leftMs"`;

/** Table `budget_overrides`: at most one row an OPCO and environment; an expired one is as good as none. */
export class OverridesRepository {
  constructor(private readonly database: Database) {}

  /** All that have not expired. */
  running(): Promise<RunningOverride[]> {
    return this.database.asSystem((sql) =>
      sql.query<RunningOverride>(`SELECT ${columns} FROM budget_overrides WHERE expires_at > clock_timestamp()`),
    );
  }

  /** The one in force, locked until the end of the transaction: for whoever changes it. */
  async locked(sql: Sql, opcoId: string, environment: string): Promise<RunningOverride | undefined> {
    // Not the row: where there is none, two who say something at once would both find that nothing had been said before.
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended('override|' || $1 || '|' || $2, 0))", [
      opcoId,
      environment,
    ]);
    const [row] = await sql.query<RunningOverride>(
      `SELECT ${columns} FROM budget_overrides WHERE opco_id = $1 AND environment = $2`,
      [opcoId, environment],
    );
    return row && row.leftMs > 0 ? row : undefined;
  }

  async put(sql: Sql, order: OverrideOrder): Promise<BudgetOverride> {
    const { opcoId, environment, rate, burst, mode, reason, setBy, expiresAt } = order;
    const [row] = await sql.query<RunningOverride>(
      `INSERT INTO budget_overrides (opco_id, environment, rate, burst, mode, reason, set_by, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (opco_id, environment) DO UPDATE SET rate = excluded.rate, burst = excluded.burst, mode = excluded.mode,
         reason = excluded.reason, set_by = excluded.set_by, set_at = now(), expires_at = excluded.expires_at
       RETURNING ${columns}`,
      [opcoId, environment, rate, burst, mode, reason, setBy, expiresAt],
    );
    if (!row) throw new Error('PostgreSQL kept no override');
    return row;
  }

  async remove(sql: Sql, opcoId: string, environment: string): Promise<void> {
    await sql.query('DELETE FROM budget_overrides WHERE opco_id = $1 AND environment = $2', [opcoId, environment]);
  }
}
