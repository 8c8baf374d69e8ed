import type { MigrationInterface, QueryRunner } from 'typeorm';

const fieldsOf = (
  row: string,
) => `ARRAY[${row}.tenant_hash, ${row}.opco_id, ${row}.numero_interne, ${row}.version::text,
        ${row}.kind, ${row}.etat, ${row}.data_key_id::text,
        to_char(${row}.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        encode(${row}.content_hash, 'hex'), ${row}.content]`;

/**
 * Chains the versions of each dossier over their ciphertext, and gives each its instant under a lock of the dossier: whoever asks
 * what was known at an instant gets the same answer for ever. A trigger does it, so that an instance of the release before, still
 * running beside this one, writes chained versions as well.
 */
export class ChainSnapshots1764000031100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE snapshots ADD COLUMN kind text NOT NULL DEFAULT 'seen' CHECK (kind IN ('seen', 'deleted')), ADD COLUMN link bytea`);
    await runner.query(`
      CREATE FUNCTION snapshot_link(previous bytea, fields text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
        SELECT sha256(previous || convert_to(string_agg(octet_length(convert_to(f, 'UTF8')) || ':' || f || ';', '' ORDER BY i), 'UTF8'))
        FROM unnest(fields) WITH ORDINALITY AS each(f, i)
      $$`);
    await runner.query(`
      DO $$
      DECLARE s record; link bytea; moment timestamptz;
      BEGIN
        FOR s IN SELECT * FROM snapshots ORDER BY tenant_hash, opco_id, numero_interne, version LOOP
          IF s.version = 1 THEN link := decode(repeat('00', 32), 'hex'); moment := '-infinity'; END IF;
          s.observed_at := greatest(date_trunc('milliseconds', s.observed_at + interval '999 microseconds'), moment + interval '1 millisecond');
          moment := s.observed_at;
          link := snapshot_link(link, ${fieldsOf('s')});
          UPDATE snapshots t SET link = s_link, observed_at = s.observed_at FROM (SELECT link AS s_link) AS l
            WHERE t.tenant_hash = s.tenant_hash AND t.opco_id = s.opco_id AND t.numero_interne = s.numero_interne AND t.version = s.version;
        END LOOP;
      END $$`);
    // Under the lock of this migration: from its end on the trigger writes these rows.
    await runner.query(`
      INSERT INTO watched_dossiers (tenant_hash, opco_id, numero_interne, first_seen_at, last_version, head, etat)
      SELECT DISTINCT ON (tenant_hash, opco_id, numero_interne) tenant_hash, opco_id, numero_interne,
        min(observed_at) OVER (PARTITION BY tenant_hash, opco_id, numero_interne), version, link, etat
      FROM snapshots ORDER BY tenant_hash, opco_id, numero_interne, version DESC`);
    await runner.query('ALTER TABLE snapshots ALTER COLUMN link SET NOT NULL');
    await this.#triggers(runner);
  }

  async #triggers(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION chain_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE previous snapshots%ROWTYPE;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('snapshot ' || NEW.tenant_hash || ' ' || NEW.opco_id || ' ' || NEW.numero_interne, 0));
        SELECT * INTO previous FROM snapshots s
          WHERE s.tenant_hash = NEW.tenant_hash AND s.opco_id = NEW.opco_id AND s.numero_interne = NEW.numero_interne
          ORDER BY s.version DESC LIMIT 1;
        NEW.observed_at := greatest(date_trunc('milliseconds', clock_timestamp() + interval '999 microseconds'),
                                    previous.observed_at + interval '1 millisecond');
        NEW.link := snapshot_link(coalesce(previous.link, decode(repeat('00', 32), 'hex')), ${fieldsOf('NEW')});
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE FUNCTION note_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO watched_dossiers AS w (tenant_hash, opco_id, numero_interne, first_seen_at, last_version, head, etat)
          VALUES (NEW.tenant_hash, NEW.opco_id, NEW.numero_interne, NEW.observed_at, NEW.version, NEW.link, NEW.etat)
        ON CONFLICT (tenant_hash, opco_id, numero_interne) DO UPDATE SET last_version = NEW.version, head = NEW.link, etat = NEW.etat,
          missing_scans = 0, deleted_at = CASE NEW.kind WHEN 'deleted' THEN NEW.observed_at END;
        RETURN NULL;
      END $$`);
    await runner.query(
      'CREATE TRIGGER chain_snapshot BEFORE INSERT ON snapshots FOR EACH ROW EXECUTE FUNCTION chain_snapshot()',
    );
    await runner.query(
      'CREATE TRIGGER note_snapshot AFTER INSERT ON snapshots FOR EACH ROW EXECUTE FUNCTION note_snapshot()',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER note_snapshot ON snapshots');
    await runner.query('DROP TRIGGER chain_snapshot ON snapshots');
    await runner.query('DROP FUNCTION note_snapshot');
    await runner.query('DROP FUNCTION chain_snapshot');
    await runner.query("DELETE FROM snapshots WHERE kind = 'deleted'");
    await runner.query('ALTER TABLE snapshots DROP COLUMN link, DROP COLUMN kind');
    await runner.query('DROP FUNCTION snapshot_link');
  }
}
