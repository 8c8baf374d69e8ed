import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Subscriptions and what is owed to them: one delivery per webhook and event, made when the event gets its number. */
export class CreateWebhooks1764000008000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhooks (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL REFERENCES tenants,
        url text NOT NULL,
        events text[] NOT NULL,
        opco_id text,
        sealed_secret text NOT NULL,
        sealed_previous_secret text,
        previous_until timestamptz,
        status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
        disabled_reason text,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (tenant_hash, id)
      )`);
    await runner.query('CREATE INDEX webhooks_tenant ON webhooks (tenant_hash, created_at, id)');
    await runner.query(`
      CREATE TABLE webhook_deliveries (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        tenant_hash text NOT NULL,
        webhook_id uuid NOT NULL,
        event_id uuid NOT NULL REFERENCES events ON DELETE CASCADE,
        subject text NOT NULL,
        sequence bigint NOT NULL,
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        claimed_until timestamptz,
        last_status integer,
        last_reason text,
        attempt_log jsonb NOT NULL DEFAULT '[]',
        created_at timestamptz NOT NULL DEFAULT now(),
        delivered_at timestamptz,
        UNIQUE (webhook_id, event_id),
        FOREIGN KEY (tenant_hash, webhook_id) REFERENCES webhooks (tenant_hash, id) ON DELETE CASCADE
      )`);
    await runner.query(
      `CREATE INDEX webhook_deliveries_order ON webhook_deliveries (webhook_id, subject, sequence) WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX webhook_deliveries_turn ON webhook_deliveries (webhook_id, sequence) WHERE status = 'pending'`,
    );
    await runner.query('CREATE INDEX webhook_deliveries_log ON webhook_deliveries (webhook_id, sequence DESC)');
    await isolateTenants(runner, 'webhooks', {
      app: 'SELECT, INSERT, UPDATE, DELETE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
    await isolateTenants(runner, 'webhook_deliveries', {
      app: 'SELECT, UPDATE',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE webhook_deliveries');
    await runner.query('DROP TABLE webhooks');
  }
}
