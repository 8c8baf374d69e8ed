import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whatever changes a CFA's key at an OPCO is announced on `opcovia_credentials` in the transaction of the change: the OPCO only,
 * since every session of the server may listen.
 */
export class AnnounceCredentialChanges1764000014500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION announce_credential() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      BEGIN
        PERFORM pg_notify('opcovia_credentials', coalesce(NEW.opco_id, OLD.opco_id));
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE OF sealed ON opco_credentials
        FOR EACH ROW EXECUTE FUNCTION announce_credential()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER announce ON opco_credentials');
    await runner.query('DROP FUNCTION announce_credential');
  }
}
