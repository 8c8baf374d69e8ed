import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Bulk synchronisations, one at a time per tenant and OPCO. */
export class CreateSyncJobs1764000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sync_jobs (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        status text NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled')),
        checkpoint jsonb NOT NULL DEFAULT '{}',
        progress jsonb NOT NULL DEFAULT '{}',
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        completed_at timestamptz
      )`);
    await runner.query(`
      CREATE UNIQUE INDEX sync_jobs_one_at_a_time ON sync_jobs (tenant_hash, opco_id)
        WHERE status IN ('pending', 'running', 'paused')`);
    await isolateTenants(runner, 'sync_jobs', {
      app: 'SELECT, INSERT, UPDATE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sync_jobs');
  }
}
