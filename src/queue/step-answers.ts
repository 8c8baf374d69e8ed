import type { TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import type { DataKey } from '../tenancy/data-key.js';
import { stepResultAt } from './settle.js';

/** Whose answers are wanted: all of them, or those of the steps before one. */
export interface StepsAsked {
  readonly id: string;
  readonly tenant: TenantHash;
  readonly before?: number;
}

/** What the steps of a composite job gave, each at its place; throws UnsealError where the key is not theirs. */
export async function stepAnswers(sql: Sql, key: DataKey, { id, tenant, before }: StepsAsked): Promise<unknown[]> {
  const rows = await sql.query<{ step: number; result: string }>(
    'SELECT step, result FROM job_step_results WHERE job_id = $1 AND ($2::int IS NULL OR step < $2)',
    [id, before ?? null],
  );
  const answers: unknown[] = [];
  for (const { step, result } of rows)
    answers[step] = JSON.parse(key.unseal(result, stepResultAt(id, step, tenant)).toString('utf8'));
  return answers;
}
