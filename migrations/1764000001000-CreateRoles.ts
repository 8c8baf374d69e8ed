import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Roles belong to the whole cluster: creation tolerates that another database of the cluster made them first. */
const roles = ['opcovia_app', 'opcovia_accept', 'opcovia_system'];

/** The three NOLOGIN roles of product.md 3, and the schema's doors closed to everybody else. */
export class CreateRoles1764000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const role of roles) {
      await runner.query(`
        DO $$ BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') THEN
            CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
          END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$`);
      // Membership lets the owner SET ROLE when no DATABASE_APP_URL is given, and hand a function over.
      await runner.query(`
        DO $$ BEGIN
          IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
             AND NOT EXISTS (
               SELECT 1 FROM pg_auth_members m
               JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles u ON u.oid = m.member JOIN pg_roles g ON g.oid = m.grantor
               WHERE r.rolname = '${role}' AND u.rolname = current_user AND g.rolname = current_user) THEN
            EXECUTE format('GRANT ${role} TO %I', current_user);
          END IF;
        END $$`);
      await runner.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
    }
    await runner.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    // Readiness compares the schema with the code.
    await runner.query('GRANT SELECT ON migrations TO opcovia_system');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const role of roles) await runner.query(`REVOKE ALL ON SCHEMA public FROM ${role}`);
  }
}
