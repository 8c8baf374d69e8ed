import { LRUCache } from 'lru-cache';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import { fail } from '../core/errors.js';
import { shortTenant, type Tenant, type TenantHash } from '../core/tenant.js';
import { keyIdOf, UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys } from './data-keys.js';
import { place } from './place.js';

/** What may be shown of a credential. */
export interface CredentialMask {
  readonly opcoId: string;
  /** `••••` and at most four last characters. */
  readonly hint: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What to store, and who does it. */
export interface NewCredential extends Author {
  readonly opcoId: string;
  /** The CFA's `X-API-KEY` at the OPCO. */
  readonly key: string;
}

/** How long a key stays in memory: a replaced one is out of use everywhere within this time. */
export const rememberedMs = 10_000;
const tracedMs = 60_000;
/** Stands for a stored key that does not open. */
const unreadable = Symbol('unreadable');

interface StoredKey {
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly sealed: string;
}

const placeOf = (tenant: TenantHash, opcoId: string) => place('opco_credentials', 'sealed', opcoId, tenant);

/** The CFA's own key at each OPCO, sealed under the tenant's data key: write-only but for the pipeline. */
export class OpcoCredentialsRepository extends TenantScopedRepository {
  readonly #remembered = new LRUCache<string, string>({ max: 10_000, ttl: rememberedMs });
  /** Counts the forgets: a key that was read before one must not be remembered after it. */
  #forgets = 0;
  /** Unreadable keys that were traced a moment ago: a key that is asked for all day makes a row a minute. */
  readonly #traced = new LRUCache<string, true>({ max: 10_000, ttl: tracedMs });

  constructor(
    database: Database,
    private readonly keys: DataKeys,
    private readonly audit: AuditTrail,
  ) {
    super(database);
  }

  /** Stores or replaces the key, and makes the OPCO due for a first look (`poll_targets`), or due again if it was paused. */
  async put(tenant: TenantHash, { opcoId, key, ...author }: NewCredential): Promise<CredentialMask> {
    if (!/^[\x21-\x7e]{1,512}$/.test(key)) {
      throw fail('VALIDATION_ERROR', { detail: 'Une clé compte 1 à 512 caractères ASCII visibles, sans espace.' });
    }
    const sealed = (await this.keys.tenantKey(tenant)).seal(key, placeOf(tenant, opcoId));
    const mask = await this.within(tenant, async (sql) => {
      const [row] = await sql.query<CredentialMask & { first: boolean }>(
        `INSERT INTO opco_credentials (tenant_hash, opco_id, sealed, hint) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_hash, opco_id) DO UPDATE SET sealed = excluded.sealed, hint = excluded.hint, updated_at = now()
         RETURNING opco_id AS "opcoId", hint, created_at AS "createdAt", updated_at AS "updatedAt", xmax = 0 AS first`,
        [tenant, opcoId, sealed, hintOf(key)],
      );
      if (!row) throw fail('INTERNAL_ERROR');
      await sql.query(
        `INSERT INTO poll_targets (tenant_hash, opco_id) VALUES ($1, $2)
         ON CONFLICT (tenant_hash, opco_id) DO UPDATE SET paused_reason = NULL, failures = 0, next_poll_at = now()`,
        [tenant, opcoId],
      );
      const action = row.first ? 'credentials.stored' : 'credentials.replaced';
      await this.audit.write(sql, { ...author, tenant, action, object: `credentials:${opcoId}`, result: 'ok' });
      return { opcoId: row.opcoId, hint: row.hint, createdAt: row.createdAt, updatedAt: row.updatedAt };
    });
    this.forget(tenant, opcoId);
    return mask;
  }

  async list(tenant: TenantHash): Promise<CredentialMask[]> {
    return this.within(tenant, (sql) =>
      sql.query<CredentialMask>(
        `SELECT opco_id AS "opcoId", hint, created_at AS "createdAt", updated_at AS "updatedAt"
         FROM opco_credentials WHERE tenant_hash = $1 ORDER BY opco_id`,
        [tenant],
      ),
    );
  }

  async find(tenant: TenantHash, opcoId: string): Promise<CredentialMask | undefined> {
    return (await this.list(tenant)).find((mask) => mask.opcoId === opcoId);
  }

  /** Also stops the poller for this OPCO; false when nothing was stored. */
  async remove(tenant: TenantHash, opcoId: string, author: Author): Promise<boolean> {
    const removed = await this.within(tenant, async (sql) => {
      const rows = await sql.query('DELETE FROM opco_credentials WHERE tenant_hash = $1 AND opco_id = $2 RETURNING 1', [
        tenant,
        opcoId,
      ]);
      if (rows.length === 0) return false;
      await sql.query('DELETE FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2', [tenant, opcoId]);
      const object = `credentials:${opcoId}`;
      await this.audit.write(sql, { ...author, tenant, action: 'credentials.deleted', object, result: 'ok' });
      return true;
    });
    this.forget(tenant, opcoId);
    return removed;
  }

  /** The key in clear, for the call to the OPCO alone; UPSTREAM_AUTH when none is stored, or the stored one does not open. */
  async cfaKey(tenant: Tenant, opcoId: string): Promise<string> {
    const known = this.#remembered.get(`${tenant.hash}:${opcoId}`);
    if (known !== undefined) return known;
    const forgets = this.#forgets;
    const found = await this.within(tenant.hash, async (sql) => {
      const [row] = await sql.query<{ sealed: string }>(
        'SELECT sealed FROM opco_credentials WHERE tenant_hash = $1 AND opco_id = $2',
        [tenant.hash, opcoId],
      );
      return row && this.#open(sql, { tenant: tenant.hash, opcoId, sealed: row.sealed });
    });
    if (found === undefined) throw refused(`Aucune clé n'est enregistrée pour l'OPCO ${opcoId}`, tenant.hash, opcoId);
    if (found === unreadable) {
      throw refused(`La clé enregistrée pour l'OPCO ${opcoId} ne s'ouvre plus`, tenant.hash, opcoId);
    }
    if (forgets === this.#forgets) this.#remembered.set(`${tenant.hash}:${opcoId}`, found);
    return found;
  }

  /** A key that was damaged, moved or shredded is that key's misfortune alone: it is traced, and waits to be stored again. */
  async #open(sql: Sql, { tenant, opcoId, sealed }: StoredKey): Promise<string | typeof unreadable> {
    try {
      const dataKey = await this.keys.open(sql, tenant, keyIdOf(sealed));
      return dataKey.unseal(sealed, placeOf(tenant, opcoId)).toString('utf8');
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      const name = `${tenant}:${opcoId}`;
      if (this.#traced.has(name)) return unreadable;
      this.#traced.set(name, true);
      const entry = { tenant, actor: 'system:credentials', object: `credentials:${opcoId}`, result: 'unreadable' };
      await this.audit.write(sql, { ...entry, action: 'credentials.unreadable' });
      return unreadable;
    }
  }

  /** Drops the remembered key; other instances hear of it from PostgreSQL, or stop using it within ten seconds. */
  forget(tenant: TenantHash, opcoId: string): void {
    this.#forgets += 1;
    this.#remembered.delete(`${tenant}:${opcoId}`);
  }

  /** Drops what is remembered: somebody has changed a key, here or elsewhere. */
  forgetAll(): void {
    this.#forgets += 1;
    this.#remembered.clear();
  }
}

function hintOf(key: string): string {
  return key.length >= 16 ? `••••${key.slice(-4)}` : '••••';
}

function refused(why: string, tenant: TenantHash, opcoId: string) {
  return fail('UPSTREAM_AUTH', {
    detail:
      `${why} : enregistrez-la par PUT /${opcoId}/credentials, ` +
      `ou l'exploitant par « opcovia credentials:set --tenant ${shortTenant(tenant)} --opco ${opcoId} ».`,
    sent: 'not-sent',
  });
}
