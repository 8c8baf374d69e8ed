import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many turns a tenant has for each turn of an ordinary one, while both wait at an OPCO. */
export class WeighTenants1764000020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE tenants ADD COLUMN weight integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 100)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE tenants DROP COLUMN weight');
  }
}
