import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** One row per invoice that an OPCO has listed: its last known state, sealed. When the list of invoices is read again, and whether it was ever read whole. */
export class WatchFactures1764000033000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE watched_factures (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        numero_interne_facture text NOT NULL,
        data_key_id uuid NOT NULL,
        content text NOT NULL,
        content_hash bytea NOT NULL,
        first_seen_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_hash, opco_id, numero_interne_facture)
      )`);
    await runner.query('CREATE INDEX watched_factures_seen ON watched_factures (seen_at)');
    await isolateTenants(runner, 'watched_factures', {
      app: 'SELECT, INSERT, UPDATE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
    await runner.query(`
      ALTER TABLE poll_targets
        ADD COLUMN next_factures_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN factures_calls integer NOT NULL DEFAULT 0,
        ADD COLUMN factures_known_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE poll_targets DROP COLUMN next_factures_at, DROP COLUMN factures_calls, DROP COLUMN factures_known_at`);
    await runner.query('DROP TABLE watched_factures');
  }
}
