import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which hub leads, what it has learnt for the next one, and the instances that none of them lets in. */
export class CreateHub1764000032000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One row: a second leader has nowhere to write itself down.
    await runner.query(`
      CREATE TABLE hub_leader (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        holder uuid NOT NULL,
        epoch bigint NOT NULL,
        url text NOT NULL,
        members integer NOT NULL DEFAULT 0 CHECK (members >= 0),
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE hub_rates (
        budget text COLLATE "C" PRIMARY KEY,
        epoch bigint NOT NULL,
        learnt jsonb NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE TABLE hub_revoked (
        instance text COLLATE "C" PRIMARY KEY,
        revoked_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query('GRANT SELECT, INSERT, UPDATE ON hub_leader, hub_rates TO opcovia_system');
    await runner.query('GRANT SELECT, INSERT, DELETE ON hub_revoked TO opcovia_system');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE hub_leader, hub_rates, hub_revoked');
  }
}
