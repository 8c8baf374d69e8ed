import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How fast a tenant's deposits have ended at an OPCO of late, without reading its other jobs: for the estimated end of what waits. */
export class IndexEndedJobs1764000022000 implements MigrationInterface {
  /** Built beside the work: deposits insert into this table all day. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What an interrupted attempt left is invalid.
    await runner.query('DROP INDEX IF EXISTS jobs_ended');
    await runner.query(
      'CREATE INDEX CONCURRENTLY jobs_ended ON jobs (tenant_hash, opco_id, completed_at) WHERE completed_at IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX jobs_ended');
  }
}
