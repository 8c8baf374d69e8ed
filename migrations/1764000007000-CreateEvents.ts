import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/** The one event log: rows are written with their change, and numbered after commit by one sequencer. */
export class CreateEvents1764000007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE events (
        id uuid PRIMARY KEY,
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        data jsonb NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        ordinal bigint GENERATED ALWAYS AS IDENTITY,
        sequence bigint,
        UNIQUE (tenant_hash, sequence)
      )`);
    await runner.query('CREATE INDEX events_unsequenced ON events (ordinal) WHERE sequence IS NULL');
    // The poller asks whether a dossier that it sees for the first time came from a deposit of ours.
    await runner.query(`
      CREATE INDEX events_deposits ON events (tenant_hash, opco_id, (data ->> 'numeroInterne')) WHERE type = 'job.completed'`);
    await runner.query(`
      CREATE TABLE event_sequences (
        tenant_hash text PRIMARY KEY,
        last bigint NOT NULL
      )`);
    await isolateTenants(runner, 'events', { app: 'SELECT, INSERT', system: 'SELECT, INSERT, UPDATE, DELETE' });
    await isolateTenants(runner, 'event_sequences', { app: 'SELECT', system: 'SELECT, INSERT, UPDATE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE event_sequences');
    await runner.query('DROP TABLE events');
  }
}
