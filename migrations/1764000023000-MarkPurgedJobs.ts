import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the content of a job was removed; what remains of it is a tombstone: states, dates and timeline. */
export class MarkPurgedJobs1764000023000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD COLUMN purged_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs DROP COLUMN purged_at');
  }
}
