import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Envelope encryption: data keys wrapped by the key ring, and what they or the ring protect. */
export class CreateKeyMaterial1764000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE keyring_checks (
        key_id text PRIMARY KEY,
        sealed text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('GRANT SELECT, INSERT ON keyring_checks TO opcovia_system');
    // Several keys may serve one subject; erasing the subject deletes them all and shreds what they sealed.
    await runner.query(`
      CREATE TABLE data_keys (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        subject bytea NOT NULL,
        wrapped text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE INDEX data_keys_subject ON data_keys (tenant_hash, subject, created_at)');
    await runner.query(`
      CREATE TABLE opco_credentials (
        tenant_hash text NOT NULL REFERENCES tenants,
        opco_id text NOT NULL,
        sealed text NOT NULL,
        hint text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_hash, opco_id)
      )`);
    await runner.query(`
      CREATE TABLE opco_clients (
        opco_id text NOT NULL,
        environment text NOT NULL CHECK (environment IN ('test', 'live')),
        client_id text NOT NULL,
        sealed_secret text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (opco_id, environment)
      )`);
    await runner.query('GRANT SELECT, INSERT, UPDATE ON opco_clients TO opcovia_system');
    await isolateTenants(runner, 'data_keys', {
      app: 'SELECT, INSERT',
      system: 'SELECT, INSERT, UPDATE, DELETE',
      accept: 'INSERT',
    });
    await isolateTenants(runner, 'opco_credentials', {
      app: 'SELECT, INSERT, UPDATE, DELETE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['opco_clients', 'opco_credentials', 'data_keys', 'keyring_checks']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
