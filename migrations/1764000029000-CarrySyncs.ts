import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** What carries a bulk synchronisation over the death of its process: a lease with a fence, and what is known of each dossier. */
export class CarrySyncs1764000029000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sync_jobs
        ADD COLUMN phase text NOT NULL DEFAULT 'discovery' CHECK (phase IN ('discovery', 'details')),
        ADD COLUMN run_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN waiting text CHECK (waiting IN ('opco', 'quota', 'configuration', 'retry')),
        ADD COLUMN failures integer NOT NULL DEFAULT 0,
        ADD COLUMN claimed_until timestamptz,
        ADD COLUMN fence bigint NOT NULL DEFAULT 0,
        ADD COLUMN error_code text,
        ADD COLUMN report jsonb,
        ADD COLUMN started_at timestamptz`);
    await runner.query(`CREATE INDEX sync_jobs_due ON sync_jobs (run_at) WHERE status IN ('pending', 'running')`);
    await runner.query('CREATE INDEX sync_jobs_listed ON sync_jobs (tenant_hash, opco_id, created_at DESC, id DESC)');
    await runner.query('CREATE INDEX sync_jobs_ended ON sync_jobs (completed_at) WHERE completed_at IS NOT NULL');
    // Numbers are compared by their bytes: the order of reading must not depend on a language.
    await runner.query(`
      CREATE TABLE sync_dossiers (
        sync_id uuid NOT NULL,
        tenant_hash text NOT NULL,
        numero_interne text COLLATE "C" NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL DEFAULT now(),
        outcome text CHECK (outcome IN ('new', 'changed', 'unchanged', 'failed')),
        reason text,
        PRIMARY KEY (sync_id, numero_interne)
      )`);
    await runner.query(
      'CREATE INDEX sync_dossiers_open ON sync_dossiers (sync_id, numero_interne) WHERE outcome IS NULL',
    );
    await isolateTenants(runner, 'sync_dossiers', { app: 'SELECT, INSERT, UPDATE', system: 'SELECT, INSERT, DELETE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sync_dossiers');
    await runner.query('DROP INDEX sync_jobs_due, sync_jobs_listed, sync_jobs_ended');
    await runner.query(`
      ALTER TABLE sync_jobs
        DROP COLUMN phase, DROP COLUMN run_at, DROP COLUMN waiting, DROP COLUMN failures, DROP COLUMN claimed_until,
        DROP COLUMN fence, DROP COLUMN error_code, DROP COLUMN report, DROP COLUMN started_at`);
  }
}
