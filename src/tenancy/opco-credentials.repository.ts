import { LRUCache } from 'lru-cache';
import type { AuditTrail } from '../audit/audit-trail.js';
import { fail } from '../core/errors.js';
import { shortTenant, type Tenant, type TenantHash } from '../core/tenant.js';
import { keyIdOf } from '../platform/crypto/sealed-box.js';
import type { Database } from '../platform/database/database.js';
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
export interface NewCredential {
  readonly opcoId: string;
  /** The CFA's `X-API-KEY` at the OPCO. */
  readonly key: string;
  readonly actor: string;
}

/** How long a key stays in memory: a replaced one is out of use everywhere within this time. */
const rememberedMs = 10_000;
const placeOf = (tenant: TenantHash, opcoId: string) => place('opco_credentials', 'sealed', opcoId, tenant);

/** The CFA's own key at each OPCO, sealed under the tenant's data key: write-only but for the pipeline. */
export class OpcoCredentialsRepository extends TenantScopedRepository {
  readonly #remembered = new LRUCache<string, string>({ max: 10_000, ttl: rememberedMs });

  constructor(
    database: Database,
    private readonly keys: DataKeys,
    private readonly audit: AuditTrail,
  ) {
    super(database);
  }

  /** Stores or replaces the key, and makes the OPCO due for a first look (`poll_targets`), or due again if it was paused. */
  async put(tenant: TenantHash, { opcoId, key, actor }: NewCredential): Promise<CredentialMask> {
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
      await this.audit.write(sql, { tenant, actor, action, object: `credentials:${opcoId}`, result: 'ok' });
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
  async remove(tenant: TenantHash, opcoId: string, actor: string): Promise<boolean> {
    const removed = await this.within(tenant, async (sql) => {
      const rows = await sql.query('DELETE FROM opco_credentials WHERE tenant_hash = $1 AND opco_id = $2 RETURNING 1', [
        tenant,
        opcoId,
      ]);
      if (rows.length === 0) return false;
      await sql.query('DELETE FROM poll_targets WHERE tenant_hash = $1 AND opco_id = $2', [tenant, opcoId]);
      const object = `credentials:${opcoId}`;
      await this.audit.write(sql, { tenant, actor, action: 'credentials.deleted', object, result: 'ok' });
      return true;
    });
    this.forget(tenant, opcoId);
    return removed;
  }

  /** The key in clear, for the call to the OPCO alone; UPSTREAM_AUTH when none is stored. */
  async cfaKey(tenant: Tenant, opcoId: string): Promise<string> {
    const known = this.#remembered.get(`${tenant.hash}:${opcoId}`);
    if (known !== undefined) return known;
    const key = await this.within(tenant.hash, async (sql) => {
      const [row] = await sql.query<{ sealed: string }>(
        'SELECT sealed FROM opco_credentials WHERE tenant_hash = $1 AND opco_id = $2',
        [tenant.hash, opcoId],
      );
      if (!row) return undefined;
      const dataKey = await this.keys.open(sql, tenant.hash, keyIdOf(row.sealed));
      return dataKey.unseal(row.sealed, placeOf(tenant.hash, opcoId)).toString('utf8');
    });
    if (key === undefined) throw missing(tenant.hash, opcoId);
    this.#remembered.set(`${tenant.hash}:${opcoId}`, key);
    return key;
  }

  /** Drops the remembered key; other instances stop using it within ten seconds. */
  forget(tenant: TenantHash, opcoId: string): void {
    this.#remembered.delete(`${tenant}:${opcoId}`);
  }
}

function hintOf(key: string): string {
  return key.length >= 16 ? `••••${key.slice(-4)}` : '••••';
}

function missing(tenant: TenantHash, opcoId: string) {
  return fail('UPSTREAM_AUTH', {
    detail:
      `Aucune clé n'est enregistrée pour l'OPCO ${opcoId} : enregistrez-la par PUT /${opcoId}/credentials, ` +
      `ou l'exploitant par « opcovia credentials:set --tenant ${shortTenant(tenant)} --opco ${opcoId} ».`,
    sent: 'not-sent',
  });
}
