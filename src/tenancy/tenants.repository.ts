import { randomUUID } from 'node:crypto';
import { fail } from '../core/errors.js';
import { readTenantHash, tenantHashOf, type Environment, type TenantHash } from '../core/tenant.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../platform/database/database.js';
import { type Sql } from '../platform/database/database.js';
import { claimedEnvironment, looksLikeApiKey, makeApiKey, visiblePrefix } from './api-key.js';

/** Who registers what. */
export interface NewTenant {
  readonly nom: string;
  readonly environment: Environment;
  /** A key that the CFA already has; a new one is made when absent. */
  readonly importedKey?: string;
  /** `cli`, `staff:<subject>`: for the audit trail. */
  readonly actor: string;
}

/** A further key of a tenant. */
export interface NewKey {
  readonly label: string;
  readonly importedKey?: string;
  readonly expiresAt?: Date;
  readonly actor: string;
}

/** The only moment at which a key is known in clear: hand it over and forget it. */
export interface IssuedKey {
  readonly tenant: TenantHash;
  readonly keyId: string;
  readonly key: string;
}

/** A tenant as staff sees it. */
export interface TenantSummary {
  readonly hash: TenantHash;
  readonly nom: string;
  readonly environment: Environment;
  readonly suspended: boolean;
  readonly createdAt: Date;
  readonly keys: readonly KeySummary[];
}

/** A key without its text. */
export interface KeySummary {
  readonly id: string;
  readonly prefix: string;
  readonly label: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

interface SummaryRow {
  readonly tenant_hash: string;
  readonly nom: string;
  readonly environment: Environment;
  readonly suspended: boolean;
  readonly created_at: Date;
  readonly keys: KeySummary[];
}

/** Tenants and their keys, for staff: it crosses tenants, so it works as the system, and every change leaves its audit row. */
export class TenantsRepository {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Registers a tenant with its first key, whose hash names the tenant for ever. CONFLICT when the key is taken. */
  async create({ nom, environment, importedKey, actor }: NewTenant): Promise<IssuedKey> {
    const key = chooseKey(environment, importedKey);
    const tenant = tenantHashOf(key);
    return this.database.asSystem(async (sql) => {
      const made = await sql.query(
        'INSERT INTO tenants (tenant_hash, nom, environment) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
        [tenant, nom, environment],
      );
      if (made.length === 0) throw taken();
      await this.audit.write(sql, {
        tenant,
        actor,
        action: 'tenant.created',
        object: 'tenant',
        result: 'ok',
        details: { environment },
      });
      return this.register(sql, { tenant, key, label: 'première clé', actor });
    });
  }

  /** Adds an alias of the tenant; the earlier keys go on until they expire or are revoked. */
  async addKey(tenant: TenantHash, { label, importedKey, expiresAt, actor }: NewKey): Promise<IssuedKey> {
    return this.database.asSystem(async (sql) => {
      const [row] = await sql.query<{ environment: Environment }>(
        'SELECT environment FROM tenants WHERE tenant_hash = $1',
        [tenant],
      );
      if (!row) throw fail('NOT_FOUND', { detail: 'Ce CFA est inconnu.' });
      const key = chooseKey(row.environment, importedKey);
      return this.register(sql, { tenant, key, label, actor, ...(expiresAt && { expiresAt }) });
    });
  }

  /** Gives the hash of the revoked key, for `Admission.forget`; undefined when no living key has this id. */
  async revokeKey(keyId: string, actor: string): Promise<TenantHash | undefined> {
    return this.database.asSystem(async (sql) => {
      const [row] = await sql.query<{ tenant_hash: string; key_hash: string }>(
        'UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING tenant_hash, key_hash',
        [keyId],
      );
      if (!row) return undefined;
      const tenant = readTenantHash(row.tenant_hash);
      await this.audit.write(sql, { tenant, actor, action: 'key.revoked', object: `key:${keyId}`, result: 'ok' });
      return readTenantHash(row.key_hash);
    });
  }

  /** Every tenant, or those whose hash begins with the given hex digits. */
  async list(hashPrefix = ''): Promise<TenantSummary[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<SummaryRow>(
        `SELECT t.tenant_hash, t.nom, t.environment, t.suspended_at IS NOT NULL AS suspended, t.created_at,
                coalesce(jsonb_agg(jsonb_build_object(
                  'id', k.id, 'prefix', k.prefix, 'label', k.label, 'createdAt', k.created_at,
                  'lastUsedAt', k.last_used_at, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at
                ) ORDER BY k.created_at) FILTER (WHERE k.id IS NOT NULL), '[]') AS keys
         FROM tenants t LEFT JOIN api_keys k USING (tenant_hash)
         WHERE starts_with(t.tenant_hash, $1) GROUP BY t.tenant_hash ORDER BY t.created_at`,
        [hashPrefix],
      ),
    );
    return rows.map(({ tenant_hash, nom, environment, suspended, created_at, keys }) => ({
      hash: readTenantHash(tenant_hash),
      nom,
      environment,
      suspended,
      createdAt: created_at,
      keys,
    }));
  }

  /** Notes that these keys were used, and how often callers were refused since the last note. */
  async noteUse({ keyIds, refusals }: { keyIds: string[]; refusals: number }): Promise<void> {
    if (keyIds.length === 0 && refusals === 0) return;
    await this.database.asSystem(async (sql) => {
      if (keyIds.length > 0) await sql.query('UPDATE api_keys SET last_used_at = now() WHERE id = ANY($1)', [keyIds]);
      if (refusals === 0) return;
      const details = { count: refusals };
      const entry = { tenant: null, actor: 'system:admission', object: 'key', result: 'refused', details };
      await this.audit.write(sql, { ...entry, action: 'key.refused' });
    });
  }

  private async register(
    sql: Sql,
    { tenant, key, label, actor, expiresAt }: Omit<NewKey, 'importedKey'> & { tenant: TenantHash; key: string },
  ): Promise<IssuedKey> {
    const keyId = randomUUID();
    const made = await sql.query(
      `INSERT INTO api_keys (id, tenant_hash, key_hash, prefix, label, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING RETURNING 1`,
      [keyId, tenant, tenantHashOf(key), visiblePrefix(key), label, expiresAt ?? null],
    );
    if (made.length === 0) throw taken();
    await this.audit.write(sql, { tenant, actor, action: 'key.created', object: `key:${keyId}`, result: 'ok' });
    return { tenant, keyId, key };
  }
}

function chooseKey(environment: Environment, importedKey: string | undefined): string {
  if (importedKey === undefined) return makeApiKey(environment);
  if (!looksLikeApiKey(importedKey)) {
    throw fail('VALIDATION_ERROR', {
      detail: 'Une clé compte 16 à 512 caractères ASCII visibles, sans espace ni virgule.',
    });
  }
  const claimed = claimedEnvironment(importedKey);
  if (claimed && claimed !== environment) {
    throw fail('VALIDATION_ERROR', { detail: `Cette clé est une clé « ${claimed} » ; ce CFA est « ${environment} ».` });
  }
  return importedKey;
}

function taken() {
  return fail('CONFLICT', { detail: 'Cette clé est déjà enregistrée.' });
}
