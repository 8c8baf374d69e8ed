import type { MigrationInterface, QueryRunner } from 'typeorm';

const indexes = {
  jobs_to_purge: `jobs (status, (coalesce(completed_at, updated_at)))
    WHERE purged_at IS NULL AND status IN ('completed', 'failed', 'cancelled', 'needs_review')`,
  jobs_tombstones: 'jobs (completed_at) WHERE purged_at IS NOT NULL AND completed_at IS NOT NULL',
  job_results_age: 'job_results (created_at)',
  idempotency_claims_age: 'idempotency_claims (created_at)',
};

/** What the purge looks for, oldest first, without reading what is still kept. */
export class IndexRetention1764000024000 implements MigrationInterface {
  /** Built beside the work: deposits insert into these tables all day. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, on] of Object.entries(indexes)) {
      // What an interrupted attempt left is invalid.
      await runner.query(`DROP INDEX IF EXISTS ${name}`);
      await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON ${on}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(indexes)) await runner.query(`DROP INDEX ${name}`);
  }
}
