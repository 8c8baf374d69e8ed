import type { QueryRunner } from 'typeorm';

/** Who may do what on a tenant-bearing table; privileges are SQL words such as `SELECT, INSERT`. */
export interface Grants {
  readonly app?: string;
  readonly system?: string;
  readonly accept?: string;
}

/**
 * Closes a table to everybody but the rows of `app.tenant_hash`: row-level security enabled and forced, one policy a role.
 * The system role sees every row, yet only ids and ciphertext stand in them; the accept role only in its function.
 */
export async function isolateTenants(runner: QueryRunner, table: string, grants: Grants): Promise<void> {
  await runner.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
  if (grants.app) {
    await runner.query(`
      CREATE POLICY tenant_rows ON ${table} TO opcovia_app
        USING (tenant_hash = current_setting('app.tenant_hash', true))
        WITH CHECK (tenant_hash = current_setting('app.tenant_hash', true))`);
    await runner.query(`GRANT ${grants.app} ON ${table} TO opcovia_app`);
  }
  if (grants.system) {
    await runner.query(`CREATE POLICY system_rows ON ${table} TO opcovia_system USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT ${grants.system} ON ${table} TO opcovia_system`);
  }
  if (grants.accept) {
    await runner.query(`CREATE POLICY accept_rows ON ${table} TO opcovia_accept USING (true) WITH CHECK (true)`);
    await runner.query(`GRANT ${grants.accept} ON ${table} TO opcovia_accept`);
  }
}
