import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The instant until which the law wants a deposit sent; null without one. The job keeps it for a retry, the outbox row orders by
 * it: what has no deadline counts as due in seven days, so that nothing is overtaken for longer (see src/queue/due-order.ts).
 */
export class OrderByDeadline1764000021000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD COLUMN deadline timestamptz');
    await runner.query('ALTER TABLE job_outbox ADD COLUMN deadline timestamptz');
    // Times without zone: the sum of an instant and an interval is not immutable. `run_at` is there to be judged without the row.
    await runner.query(`
      CREATE INDEX job_outbox_order ON job_outbox (
        opco_id, tenant_hash, environment,
        least(deadline AT TIME ZONE 'UTC', run_at AT TIME ZONE 'UTC' + interval '7 days'), job_id, run_at
      ) WHERE enqueued_at IS NULL`);
    await runner.query('DROP INDEX job_outbox_due');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX job_outbox_due ON job_outbox (opco_id, tenant_hash, environment, run_at, job_id) WHERE enqueued_at IS NULL',
    );
    await runner.query('DROP INDEX job_outbox_order');
    await runner.query('ALTER TABLE job_outbox DROP COLUMN deadline');
    await runner.query('ALTER TABLE jobs DROP COLUMN deadline');
  }
}
