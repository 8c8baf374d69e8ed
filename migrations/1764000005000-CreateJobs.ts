import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** Deposits: the job, its claim on an idempotency key, its due time, the intents of its attempts and its result. */
export class CreateJobs1764000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE jobs (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        environment text NOT NULL,
        opco_id text NOT NULL,
        type text NOT NULL,
        status text NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled', 'needs_review')),
        outcome text CHECK (outcome IN ('applied', 'not_applied', 'partial', 'unknown')),
        pending_reason text,
        reason_since timestamptz,
        data_key_id uuid NOT NULL,
        payload text,
        attempts integer NOT NULL DEFAULT 0,
        attempt_token uuid,
        progress jsonb NOT NULL,
        error text,
        timeline jsonb NOT NULL DEFAULT '[]',
        request_id text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        completed_at timestamptz
      )`);
    // Ciphertext does not compress: do not let TOAST try.
    await runner.query('ALTER TABLE jobs ALTER COLUMN payload SET STORAGE EXTERNAL');
    await runner.query('CREATE INDEX jobs_listing ON jobs (tenant_hash, opco_id, created_at DESC, id DESC)');
    await runner.query("CREATE INDEX jobs_processing ON jobs (id) WHERE status = 'processing'");
    // For the figures of the staff listener: what is open is few, whatever is kept.
    await runner.query(
      `CREATE INDEX jobs_open ON jobs (status) WHERE status IN ('pending', 'processing', 'needs_review')`,
    );
    await runner.query(`
      CREATE TABLE idempotency_claims (
        tenant_hash text NOT NULL,
        key_hash bytea NOT NULL,
        fingerprint bytea NOT NULL,
        implicit boolean NOT NULL,
        job_id uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_hash, key_hash)
      )`);
    await runner.query('CREATE INDEX idempotency_claims_job ON idempotency_claims (job_id)');
    // One narrow row per non-terminal job: what the dispatcher reads to decide who is due.
    await runner.query(`
      CREATE TABLE job_outbox (
        job_id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        environment text NOT NULL,
        opco_id text NOT NULL,
        run_at timestamptz NOT NULL DEFAULT now(),
        enqueued_at timestamptz
      )`);
    // Walked tenant by tenant, so that a long backlog of one never hides the others.
    await runner.query(
      'CREATE INDEX job_outbox_due ON job_outbox (opco_id, tenant_hash, environment, run_at, job_id) WHERE enqueued_at IS NULL',
    );
    await runner.query(
      'CREATE INDEX job_outbox_enqueued ON job_outbox (opco_id, tenant_hash) WHERE enqueued_at IS NOT NULL',
    );
    await runner.query(`
      CREATE TABLE job_attempts (
        job_id uuid NOT NULL,
        attempt integer NOT NULL,
        token uuid NOT NULL,
        tenant_hash text NOT NULL,
        sends integer NOT NULL DEFAULT 0,
        started_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        class text,
        upstream_status integer,
        PRIMARY KEY (job_id, attempt)
      )`);
    await runner.query(`
      CREATE TABLE job_results (
        job_id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        data_key_id uuid NOT NULL,
        result text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    const system = 'SELECT, INSERT, UPDATE, DELETE';
    await isolateTenants(runner, 'jobs', { app: 'SELECT, UPDATE', system, accept: 'SELECT, INSERT' });
    await isolateTenants(runner, 'idempotency_claims', {
      app: 'SELECT, UPDATE',
      system,
      // UPDATE is what FOR UPDATE asks for.
      accept: 'SELECT, INSERT, UPDATE, DELETE',
    });
    await isolateTenants(runner, 'job_outbox', { app: 'SELECT, INSERT, UPDATE, DELETE', system, accept: 'INSERT' });
    await isolateTenants(runner, 'job_attempts', { app: 'SELECT, INSERT, UPDATE', system });
    await isolateTenants(runner, 'job_results', { app: 'SELECT, INSERT', system });
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['job_results', 'job_attempts', 'job_outbox', 'idempotency_claims', 'jobs']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
