import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** What each OPCO said of each dossier, version by version, and when to look again. */
export class CreateSnapshots1764000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE snapshots (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        numero_interne text NOT NULL,
        version integer NOT NULL,
        etat text NOT NULL,
        data_key_id uuid NOT NULL,
        content text NOT NULL,
        content_hash bytea NOT NULL,
        observed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_hash, opco_id, numero_interne, version)
      )`);
    await runner.query('ALTER TABLE snapshots ALTER COLUMN content SET STORAGE EXTERNAL');
    await runner.query(`
      CREATE TABLE poll_targets (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        next_poll_at timestamptz NOT NULL DEFAULT now(),
        claimed_by uuid,
        claimed_until timestamptz,
        last_success_at timestamptz,
        failures integer NOT NULL DEFAULT 0,
        paused_reason text,
        PRIMARY KEY (tenant_hash, opco_id)
      )`);
    await runner.query('CREATE INDEX poll_targets_due ON poll_targets (next_poll_at)');
    await isolateTenants(runner, 'snapshots', { app: 'SELECT, INSERT', system: 'SELECT, INSERT, DELETE' });
    await isolateTenants(runner, 'poll_targets', {
      app: 'SELECT, INSERT, UPDATE, DELETE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE poll_targets');
    await runner.query('DROP TABLE snapshots');
  }
}
