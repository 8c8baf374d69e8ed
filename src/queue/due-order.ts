/**
 * SQL of the instant by which the deposits of one tenant at one OPCO are put in order: its deadline, or seven days after it became
 * due. The nearest deadline goes first, and what has none is overtaken by the deposits of seven days at most. The index
 * `job_outbox_order` has the same expression, without zone because it must not depend on a setting.
 */
export function dueOrder(alias: string): string {
  return `least(${alias}.deadline AT TIME ZONE 'UTC', ${alias}.run_at AT TIME ZONE 'UTC' + interval '7 days')`;
}
