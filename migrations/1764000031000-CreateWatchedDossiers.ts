import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** One row per dossier that is watched: where its history stands, when to look again, whether the OPCO still lists it. */
export class CreateWatchedDossiers1764000031000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE watched_dossiers (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        numero_interne text NOT NULL,
        first_seen_at timestamptz NOT NULL DEFAULT now(),
        last_version integer NOT NULL DEFAULT 0,
        head bytea,
        cut_version integer NOT NULL DEFAULT 0,
        cut_link bytea,
        etat text NOT NULL,
        row_hash bytea,
        read_at timestamptz,
        next_read_at timestamptz NOT NULL DEFAULT now() + random() * interval '1 day',
        changes real NOT NULL DEFAULT 0,
        exposure real NOT NULL DEFAULT 0,
        weight real NOT NULL DEFAULT 0,
        missing_scans integer NOT NULL DEFAULT 0,
        deleted_at timestamptz,
        findings_hash bytea,
        PRIMARY KEY (tenant_hash, opco_id, numero_interne)
      )`);
    // Rows are updated at each read: room on their page keeps the update off the indexes.
    await runner.query('ALTER TABLE watched_dossiers SET (fillfactor = 80)');
    await runner.query(`
      CREATE INDEX watched_dossiers_due ON watched_dossiers (tenant_hash, opco_id, next_read_at) WHERE deleted_at IS NULL`);
    await isolateTenants(runner, 'watched_dossiers', {
      app: 'SELECT, INSERT, UPDATE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE watched_dossiers');
  }
}
