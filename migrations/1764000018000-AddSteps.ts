import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Composite deposits: the plan of a job, the step it stands at, and what the steps before it gave. */
export class AddSteps1764000018000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE jobs ADD COLUMN step integer NOT NULL DEFAULT 0, ADD COLUMN steps jsonb');
    await runner.query(`
      CREATE TABLE job_step_results (
        job_id uuid NOT NULL,
        step integer NOT NULL,
        tenant_hash text NOT NULL,
        data_key_id uuid NOT NULL,
        result text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (job_id, step)
      )`);
    await isolateTenants(runner, 'job_step_results', {
      app: 'SELECT, INSERT',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE job_step_results');
    await runner.query('ALTER TABLE jobs DROP COLUMN step, DROP COLUMN steps');
  }
}
