import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whatever changes who may enter is announced on `opcovia_keys` in the transaction of the change, by whatever hand: ids of keys
 * only, since every session of the server may listen, and a hash would confirm a guess at a short key.
 */
export class AnnounceKeyChanges1764000012000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION announce_key() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      BEGIN
        PERFORM pg_notify('opcovia_keys', coalesce(NEW.id, OLD.id)::text);
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE FUNCTION announce_tenant() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      BEGIN
        PERFORM pg_notify('opcovia_keys', id::text) FROM api_keys
          WHERE tenant_hash = NEW.tenant_hash AND revoked_at IS NULL;
        RETURN NULL;
      END $$`);
    // Not for last_used_at, which is noted every minute.
    await runner.query(`
      CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE OF tenant_hash, key_hash, expires_at, revoked_at ON api_keys
        FOR EACH ROW EXECUTE FUNCTION announce_key()`);
    await runner.query(`
      CREATE TRIGGER announce AFTER UPDATE OF suspended_at, nom, environment ON tenants
        FOR EACH ROW EXECUTE FUNCTION announce_tenant()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER announce ON tenants');
    await runner.query('DROP TRIGGER announce ON api_keys');
    await runner.query('DROP FUNCTION announce_tenant');
    await runner.query('DROP FUNCTION announce_key');
  }
}
