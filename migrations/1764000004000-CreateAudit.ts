import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/**
 * The audit trail: rows are only ever added, in the transaction of the change. The hash chain stands in a table of its own,
 * written after commit by one chainer, so that no writer ever waits for another one's row.
 */
export class CreateAudit1764000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_logs (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_hash text,
        at timestamptz NOT NULL DEFAULT now(),
        actor text NOT NULL,
        action text NOT NULL,
        object text NOT NULL,
        result text NOT NULL,
        request_id text,
        details jsonb NOT NULL DEFAULT '{}'
      )`);
    await runner.query('CREATE INDEX audit_logs_tenant ON audit_logs (tenant_hash, id)');
    await runner.query(`
      CREATE TABLE audit_chain (
        tenant_hash text NOT NULL,
        position bigint NOT NULL,
        audit_id bigint NOT NULL UNIQUE,
        hash bytea NOT NULL,
        PRIMARY KEY (tenant_hash, position)
      )`);
    await runner.query(`
      CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege'; END $$`);
    for (const table of ['audit_logs', 'audit_chain']) {
      await runner.query(`
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()`);
    }
    await isolateTenants(runner, 'audit_logs', { app: 'SELECT, INSERT', system: 'SELECT, INSERT', accept: 'INSERT' });
    await isolateTenants(runner, 'audit_chain', { app: 'SELECT', system: 'SELECT, INSERT' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_chain');
    await runner.query('DROP TABLE audit_logs');
    await runner.query('DROP FUNCTION refuse_audit_change');
  }
}
