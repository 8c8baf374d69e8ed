import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolateTenants } from './tenant-table.js';

/**
 * What tells one effect at an OPCO from another, and what is known of an effect whose answer was lost: the natural key of a job,
 * its doubt, and the numbers that an OPCO was seen to have, before which moment.
 */
export class AddEffects1764000017000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE jobs
        ADD COLUMN effect_key bytea,
        ADD COLUMN in_doubt boolean NOT NULL DEFAULT false,
        ADD COLUMN doubt jsonb,
        ADD COLUMN doubt_since timestamptz,
        ADD COLUMN intended_at timestamptz,
        ADD COLUMN known_before boolean NOT NULL DEFAULT false,
        ADD COLUMN resolution text`);
    // The proof that two deposits of one object are never under way, or unknown, at the same time.
    await runner.query(`
      CREATE UNIQUE INDEX jobs_one_effect ON jobs (tenant_hash, opco_id, effect_key)
        WHERE effect_key IS NOT NULL AND (status IN ('processing', 'needs_review') OR (status = 'pending' AND in_doubt))`);
    await runner.query(`
      CREATE INDEX jobs_same_object ON jobs (tenant_hash, opco_id, effect_key)
        WHERE effect_key IS NOT NULL AND pending_reason = 'same_object'`);
    await runner.query(`
      CREATE TABLE known_numbers (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        list text NOT NULL,
        number text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now(),
        job_id uuid,
        PRIMARY KEY (tenant_hash, opco_id, list, number)
      )`);
    await runner.query(`
      CREATE TABLE number_baselines (
        tenant_hash text NOT NULL,
        opco_id text NOT NULL,
        list text NOT NULL,
        taken_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_hash, opco_id, list)
      )`);
    const system = 'SELECT, INSERT, UPDATE, DELETE';
    await isolateTenants(runner, 'known_numbers', { app: 'SELECT, INSERT, UPDATE', system });
    await isolateTenants(runner, 'number_baselines', { app: 'SELECT, INSERT, UPDATE', system });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE number_baselines');
    await runner.query('DROP TABLE known_numbers');
    await runner.query('DROP INDEX jobs_same_object');
    await runner.query('DROP INDEX jobs_one_effect');
    await runner.query(`
      ALTER TABLE jobs DROP COLUMN effect_key, DROP COLUMN in_doubt, DROP COLUMN doubt, DROP COLUMN doubt_since,
        DROP COLUMN intended_at, DROP COLUMN known_before, DROP COLUMN resolution`);
  }
}
