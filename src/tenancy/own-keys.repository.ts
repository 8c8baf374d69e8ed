import type { AuditTrail, Author } from '../audit/audit-trail.js';
import type { Clock } from '../core/clock.js';
import type { MeView, OwnKey, OwnKeyCreated, OwnKeyDraft } from '../core/contract/me.js';
import { fail, type OpcoviaError } from '../core/errors.js';
import { shortTenant, type Tenant } from '../core/tenant.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import { makeApiKey } from './api-key.js';
import { registerKey } from './register-key.js';

interface KeyRow {
  readonly id: string;
  readonly prefix: string;
  readonly label: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const keysInForceAtMost = 20;
const keysShown = 100;
const shortestLifeMs = 300_000;
const longestLifeMs = 10 * 366 * 86_400_000;
const inForce = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';

/**
 * What a tenant may see and do of itself: its keys and no others, each change with its audit row. Changes of one tenant's keys
 * wait for each other, so that two keys cannot revoke one another at the same moment and leave none.
 */
export class OwnKeysRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {
    super(database);
  }

  /** The tenant and its keys, those in force first, a hundred at most. */
  describe(caller: Tenant): Promise<MeView> {
    return this.within(caller.hash, async (sql) => {
      const [tenant] = await sql.query<{ nom: string; created_at: Date }>(
        'SELECT nom, created_at FROM tenants WHERE tenant_hash = $1',
        [caller.hash],
      );
      if (!tenant) throw fail('HTTP_ERROR');
      const rows = await sql.query<KeyRow>(
        `SELECT id, prefix, label, created_at, last_used_at, expires_at, revoked_at FROM api_keys WHERE tenant_hash = $1
         ORDER BY ${inForce} DESC, created_at DESC, id LIMIT $2`,
        [caller.hash, keysShown],
      );
      return {
        id: shortTenant(caller.hash),
        nom: tenant.nom,
        environment: caller.environment,
        createdAt: tenant.created_at.toISOString(),
        keys: rows.map((row) => viewOf(row, caller.keyId)),
      };
    });
  }

  /**
   * Makes a further key, and sets an end to the calling one when asked to; an earlier end stays. Throws VALIDATION_ERROR on an end
   * that would lock the tenant out, CONFLICT when it has as many keys as it may.
   */
  async create(caller: Tenant, draft: OwnKeyDraft, author: Author): Promise<OwnKeyCreated> {
    const { label, retireCurrentAfterSeconds } = draft;
    const expiresAt = this.#endOf(draft);
    return this.within(caller.hash, async (sql) => {
      await lockKeys(sql, caller);
      const [count] = await sql.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM api_keys WHERE tenant_hash = $1 AND ${inForce}`,
        [caller.hash],
      );
      if ((count?.n ?? 0) >= keysInForceAtMost) {
        throw fail('CONFLICT', { detail: `Au plus ${keysInForceAtMost} clés en vigueur ; révoquez-en une d'abord.` });
      }
      const key = makeApiKey(caller.environment);
      const toRegister = { tenant: caller.hash, key, label, ...author, ...(expiresAt && { expiresAt }) };
      const { keyId } = await registerKey(sql, this.audit, toRegister);
      const made = await ownKey(sql, caller, keyId);
      const retired =
        retireCurrentAfterSeconds === undefined
          ? null
          : await this.#retire(sql, caller, retireCurrentAfterSeconds, author);
      return {
        id: keyId,
        key,
        prefix: made.prefix,
        label,
        createdAt: made.created_at.toISOString(),
        expiresAt: made.expires_at?.toISOString() ?? null,
        retired,
      };
    });
  }

  /**
   * Ends a key at once, the calling one too; ending it twice changes nothing. Throws NOT_FOUND for a key that is unknown or
   * somebody else's, CONFLICT for the last one in force.
   */
  async revoke(caller: Tenant, keyId: string, author: Author): Promise<void> {
    await this.within(caller.hash, async (sql) => {
      await lockKeys(sql, caller);
      const { revoked_at } = await ownKey(sql, caller, keyId);
      if (revoked_at) return;
      const [other] = await sql.query(
        `SELECT 1 FROM api_keys WHERE tenant_hash = $1 AND id <> $2 AND ${inForce} LIMIT 1`,
        [caller.hash, keyId],
      );
      if (!other) {
        throw fail('CONFLICT', {
          detail:
            'C’est la dernière clé en vigueur de ce CFA : créez-en une autre (POST /me/keys) avant de la révoquer.',
        });
      }
      await sql.query('UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND tenant_hash = $2', [
        keyId,
        caller.hash,
      ]);
      await this.#trace(sql, caller, { ...author, action: 'key.revoked', keyId });
    });
  }

  #endOf({ expiresAt, retireCurrentAfterSeconds = 0 }: OwnKeyDraft): Date | undefined {
    if (expiresAt === undefined) return undefined;
    const end = new Date(expiresAt);
    const lifeMs = end.getTime() - this.clock.now();
    if (!(lifeMs >= shortestLifeMs)) throw badEnd('La clé doit valoir encore cinq minutes au moins.');
    if (lifeMs > longestLifeMs) throw badEnd('Au plus dix ans ; sans `expiresAt`, la clé n’a pas de fin.');
    if (lifeMs <= retireCurrentAfterSeconds * 1000) {
      throw badEnd('La nouvelle clé doit survivre à celle qu’elle remplace.');
    }
    return end;
  }

  async #retire(sql: Sql, caller: Tenant, afterSeconds: number, author: Author): Promise<OwnKeyCreated['retired']> {
    const [row] = await sql.query<{ expires_at: Date }>(
      `UPDATE api_keys SET expires_at = least(expires_at, now() + make_interval(secs => $3))
       WHERE id = $1 AND tenant_hash = $2 RETURNING expires_at`,
      [caller.keyId, caller.hash, afterSeconds],
    );
    if (!row) throw noLongerIn();
    await this.#trace(sql, caller, {
      ...author,
      action: 'key.retired',
      keyId: caller.keyId,
      details: { afterSeconds },
    });
    return { id: caller.keyId, expiresAt: row.expires_at.toISOString() };
  }

  #trace(sql: Sql, { hash }: Tenant, { keyId, ...change }: KeyChange): Promise<void> {
    return this.audit.write(sql, { ...change, tenant: hash, object: `key:${keyId}`, result: 'ok' });
  }
}

interface KeyChange extends Author {
  readonly action: 'key.retired' | 'key.revoked';
  readonly keyId: string;
  readonly details?: Readonly<Record<string, number>>;
}

/** A stolen key that is being revoked must not make another one on its way out: under the lock it is looked at once more. */
async function lockKeys(sql: Sql, { hash, keyId }: Tenant): Promise<void> {
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended('keys|' || $1, 0))", [hash]);
  const [calling] = await sql.query(
    `SELECT 1 FROM api_keys WHERE id = $1 AND tenant_hash = $2 AND ${inForce} FOR UPDATE`,
    [keyId, hash],
  );
  if (!calling) throw noLongerIn();
}

async function ownKey(sql: Sql, { hash }: Tenant, keyId: string): Promise<KeyRow> {
  const [row] = await sql.query<KeyRow>('SELECT * FROM api_keys WHERE id = $1 AND tenant_hash = $2', [keyId, hash]);
  if (!row) throw fail('NOT_FOUND', { detail: 'Aucune de vos clés n’a cet identifiant.' });
  return row;
}

function noLongerIn(): OpcoviaError {
  return fail('HTTP_ERROR', { detail: "Clé d'accès absente, inconnue ou expirée." });
}

function badEnd(message: string): OpcoviaError {
  return fail('VALIDATION_ERROR', { findings: [{ pointer: '/expiresAt', code: 'expiry', message }] });
}

function viewOf(row: KeyRow, currentId: string): OwnKey {
  return {
    id: row.id,
    prefix: row.prefix,
    label: row.label,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    current: row.id === currentId,
  };
}
