import type { MigrationInterface, QueryRunner } from 'typeorm';

const signature = `accept_deposits(
  uuid[], text[], text[], text[], text[], bytea[], boolean[], bytea[], uuid[], bytea[], text[], text[], jsonb[], text[],
  text[], text[], jsonb[], text[], bytea[], jsonb[], timestamptz[])`;

/**
 * `accept_deposits` that also takes the natural key and the deadline of each deposit and the plan of a composite one, and keeps the content of a
 * composite one that took effect in part as it keeps that of a completed one; everything else as in AcceptDepositsWithFiles. The forms before stay for instances that still run while a new version rolls out, until a later
 * migration drops them.
 */
export class AcceptDepositsOnce1764000025000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION accept_deposits(
        ids uuid[], tenants text[], environments text[], opcos text[], types text[],
        key_hashes bytea[], implicits boolean[], fingerprints bytea[],
        data_key_ids uuid[], subjects bytea[], wrapped_keys text[], payloads text[], progresses jsonb[], request_ids text[],
        actors text[], sources text[], file_sets jsonb[], warning_sets text[],
        effect_keys bytea[], step_plans jsonb[], deadlines timestamptz[]
      ) RETURNS TABLE (asked uuid, job_id uuid, verdict text)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      #variable_conflict use_column
      DECLARE missing integer;
      BEGIN
        PERFORM 1 FROM idempotency_claims c
          JOIN unnest(tenants, key_hashes) AS i(tenant_hash, key_hash) USING (tenant_hash, key_hash)
          ORDER BY c.tenant_hash, c.key_hash FOR UPDATE OF c;
        -- A statement of its own: it sees what was committed while the locks were waited for.
        DELETE FROM idempotency_claims c
          USING unnest(tenants, key_hashes) AS i(tenant_hash, key_hash), jobs j
          WHERE c.implicit AND c.tenant_hash = i.tenant_hash AND c.key_hash = i.key_hash AND j.id = c.job_id
            AND ((j.status IN ('failed', 'cancelled') AND j.outcome IS DISTINCT FROM 'partial')
                 OR ((j.status = 'completed' OR j.outcome = 'partial') AND j.completed_at < now() - interval '24 hours'));
        INSERT INTO idempotency_claims (tenant_hash, key_hash, fingerprint, implicit, job_id)
          SELECT i.tenant_hash, i.key_hash, i.fingerprint, i.implicit, i.id
          FROM unnest(tenants, key_hashes, fingerprints, implicits, ids) AS i(tenant_hash, key_hash, fingerprint, implicit, id)
          ORDER BY i.tenant_hash, i.key_hash
          ON CONFLICT DO NOTHING;
        RETURN QUERY
        WITH input AS (
          SELECT * FROM unnest(ids, tenants, environments, opcos, types, key_hashes, fingerprints,
                               data_key_ids, subjects, wrapped_keys, payloads, progresses, request_ids, actors, sources,
                               file_sets, warning_sets, effect_keys, step_plans, deadlines)
            AS i(id, tenant_hash, environment, opco_id, type, key_hash, fingerprint,
                 data_key_id, subject, wrapped, payload, progress, request_id, actor, source, files, warnings,
                 effect_key, steps, deadline)
        ), judged AS (
          SELECT i.*, c.job_id AS claimed_by, c.fingerprint AS claimed_content
          FROM input i JOIN idempotency_claims c USING (tenant_hash, key_hash)
        ), fresh AS (SELECT * FROM judged WHERE claimed_by = id),
        keys AS (
          INSERT INTO data_keys (id, tenant_hash, subject, wrapped) SELECT data_key_id, tenant_hash, subject, wrapped FROM fresh
        ), made AS (
          INSERT INTO jobs (id, tenant_hash, environment, opco_id, type, data_key_id, payload, progress, request_id, warnings,
                            effect_key, steps, deadline, timeline)
          SELECT id, tenant_hash, environment, opco_id, type, data_key_id, payload, progress, request_id, warnings,
                 effect_key, nullif(steps, 'null'::jsonb), deadline,
                 jsonb_build_array(jsonb_build_object('at', now(), 'code', 'accepted', 'texte', 'Dépôt accepté et enregistré'))
          FROM fresh
        ), due AS (
          INSERT INTO job_outbox (job_id, tenant_hash, environment, opco_id, deadline)
          SELECT id, tenant_hash, environment, opco_id, deadline FROM fresh
        ), wanted AS (
          SELECT f.file_id::uuid, fresh.tenant_hash, fresh.id AS job_id
          FROM fresh, jsonb_array_elements_text(fresh.files) AS f(file_id)
        ), taken AS (
          UPDATE deposit_files f SET job_id = wanted.job_id FROM wanted
          WHERE f.id = wanted.file_id AND f.tenant_hash = wanted.tenant_hash AND f.job_id IS NULL
          RETURNING f.id
        ), trail AS (
          INSERT INTO audit_logs (tenant_hash, actor, action, object, result, request_id, source, details)
          SELECT tenant_hash, actor, 'deposit.accepted', 'job:' || id, 'ok', request_id, source::cidr,
                 jsonb_build_object('opcoId', opco_id, 'type', type)
          FROM fresh
        )
        SELECT id, claimed_by,
               CASE WHEN claimed_by = id THEN 'accepted' WHEN claimed_content = fingerprint THEN 'duplicate' ELSE 'mismatch' END
        FROM judged;
        -- Most deposits bring no file, and a look at the jobs is not free.
        IF NOT EXISTS (SELECT 1 FROM unnest(file_sets) AS files WHERE files <> '[]') THEN RETURN; END IF;
        -- Purged or taken by another job: nothing of this batch may be promised.
        SELECT count(*) INTO missing
          FROM unnest(ids, tenants, file_sets) AS i(id, tenant_hash, files), jsonb_array_elements_text(i.files) AS f(file_id)
          WHERE i.files <> '[]' AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = i.id)
            AND NOT EXISTS (SELECT 1 FROM deposit_files d WHERE d.id = f.file_id::uuid AND d.job_id = i.id);
        IF missing > 0 THEN RAISE EXCEPTION 'staged files are missing' USING ERRCODE = '40001'; END IF;
      END $$`);
    await runner.query('GRANT CREATE ON SCHEMA public TO opcovia_accept');
    await runner.query(`ALTER FUNCTION ${signature} OWNER TO opcovia_accept`);
    await runner.query('REVOKE CREATE ON SCHEMA public FROM opcovia_accept');
    // From here on only the owner of the function may speak of it.
    await runner.query('SET LOCAL ROLE opcovia_accept');
    await runner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
    await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO opcovia_app`);
    await runner.query('RESET ROLE');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION ${signature}`);
  }
}
