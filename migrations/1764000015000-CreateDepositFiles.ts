import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Files of deposits: sealed pieces beside the job, so that no file is ever whole in memory or in a row. */
export class CreateDepositFiles1764000015000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE deposit_files (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        job_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (id, tenant_hash)
      )`);
    await runner.query('CREATE INDEX deposit_files_job ON deposit_files (job_id) WHERE job_id IS NOT NULL');
    await runner.query('CREATE INDEX deposit_files_stray ON deposit_files (created_at) WHERE job_id IS NULL');
    await runner.query(`
      CREATE TABLE deposit_file_pieces (
        file_id uuid NOT NULL,
        piece integer NOT NULL,
        tenant_hash text NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (file_id, piece),
        FOREIGN KEY (file_id, tenant_hash) REFERENCES deposit_files (id, tenant_hash) ON DELETE CASCADE
      )`);
    // Ciphertext does not compress: do not let TOAST try.
    await runner.query('ALTER TABLE deposit_file_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL');
    await isolateTenants(runner, 'deposit_files', {
      app: 'SELECT, INSERT, DELETE',
      system: 'SELECT, DELETE',
      accept: 'SELECT, UPDATE',
    });
    await isolateTenants(runner, 'deposit_file_pieces', { app: 'SELECT, INSERT', system: 'SELECT' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deposit_file_pieces');
    await runner.query('DROP TABLE deposit_files');
  }
}
