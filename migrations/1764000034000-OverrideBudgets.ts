import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What staff says of an OPCO's budget for a while. One row an OPCO and environment, so that nothing piles up: who said what before is
 * in the audit trail. Every change is announced on `opcovia_overrides` in its own transaction.
 */
export class OverrideBudgets1764000034000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE budget_overrides (
        opco_id text NOT NULL,
        environment text NOT NULL CHECK (environment IN ('test', 'live')),
        rate double precision CHECK (rate > 0),
        burst integer CHECK (burst > 0),
        mode text NOT NULL CHECK (mode IN ('enforce', 'shadow')),
        reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
        set_by text NOT NULL,
        set_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (opco_id, environment)
      )`);
    await runner.query('GRANT SELECT, INSERT, UPDATE, DELETE ON budget_overrides TO opcovia_system');
    await runner.query(`
      CREATE FUNCTION announce_override() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      BEGIN
        PERFORM pg_notify('opcovia_overrides', coalesce(NEW.opco_id, OLD.opco_id));
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE ON budget_overrides
        FOR EACH ROW EXECUTE FUNCTION announce_override()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE budget_overrides');
    await runner.query('DROP FUNCTION announce_override');
  }
}
