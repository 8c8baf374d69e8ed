import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a CFA wants of the watch at an OPCO, whether a mass of absences holds deletions back, and when every number of the list was
 * last known: the others a lost deposit may have made.
 */
export class SteerPolling1764000031200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE poll_targets
        ADD COLUMN stopped_at timestamptz,
        ADD COLUMN tell_discovered boolean NOT NULL DEFAULT false,
        ADD COLUMN braked_at timestamptz,
        ADD COLUMN braked_missing integer,
        ADD COLUMN brake_lifted_until timestamptz,
        ADD COLUMN all_known_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE poll_targets DROP COLUMN stopped_at, DROP COLUMN tell_discovered, DROP COLUMN braked_at,
        DROP COLUMN braked_missing, DROP COLUMN brake_lifted_until, DROP COLUMN all_known_at`);
  }
}
