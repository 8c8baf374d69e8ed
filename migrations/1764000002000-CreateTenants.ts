import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Tenants and the keys that lead to them: hashes only, several keys may be aliases of one tenant. */
export class CreateTenants1764000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenants (
        tenant_hash text PRIMARY KEY CHECK (tenant_hash ~ '^[0-9a-f]{64}$'),
        nom text NOT NULL,
        environment text NOT NULL CHECK (environment IN ('test', 'live')),
        suspended_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE api_keys (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL REFERENCES tenants,
        key_hash text NOT NULL UNIQUE CHECK (key_hash ~ '^[0-9a-f]{64}$'),
        prefix text NOT NULL,
        label text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz,
        expires_at timestamptz,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE INDEX api_keys_tenant ON api_keys (tenant_hash)');
    await isolateTenants(runner, 'tenants', { app: 'SELECT', system: 'SELECT, INSERT, UPDATE' });
    await isolateTenants(runner, 'api_keys', { app: 'SELECT, INSERT, UPDATE', system: 'SELECT, INSERT, UPDATE' });
    // Admission knows no tenant yet: it may see the one key whose hash it presents, and that key's tenant.
    await runner.query(`
      CREATE POLICY admission ON api_keys FOR SELECT TO opcovia_app
        USING (key_hash = current_setting('app.key_hash', true))`);
    await runner.query(`
      CREATE POLICY admission ON tenants FOR SELECT TO opcovia_app USING (
        tenant_hash IN (SELECT k.tenant_hash FROM api_keys k WHERE k.key_hash = current_setting('app.key_hash', true)))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP POLICY admission ON tenants');
    await runner.query('DROP TABLE api_keys');
    await runner.query('DROP TABLE tenants');
  }
}
