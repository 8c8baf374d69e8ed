import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Leases on duties that one instance at a time may do; the epoch fences a former leader's late writes. */
export class CreateLeaders1764000011000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE leaders (
        duty text PRIMARY KEY,
        holder uuid NOT NULL,
        epoch bigint NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('GRANT SELECT, INSERT, UPDATE ON leaders TO opcovia_system');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE leaders');
  }
}
