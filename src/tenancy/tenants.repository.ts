import { fail } from '../core/errors.js';
import { readTenantHash, tenantHashOf, type Environment, type TenantHash } from '../core/tenant.js';
import type { AuditEntry, AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../platform/database/database.js';
import type { KeyUse } from './admission.js';
import { claimedEnvironment, looksLikeApiKey, makeApiKey } from './api-key.js';
import type { RefusedCalls } from './refusal-tally.js';
import { type IssuedKey, keyIsTaken, registerKey } from './register-key.js';

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

/** A tenant as staff sees it. */
export interface TenantSummary {
  readonly hash: TenantHash;
  readonly nom: string;
  readonly environment: Environment;
  readonly suspended: boolean;
  /** Turns that its deposits have for each turn of a tenant of weight one. */
  readonly weight: number;
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
  readonly weight: number;
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
      if (made.length === 0) throw keyIsTaken();
      await this.audit.write(sql, {
        tenant,
        actor,
        action: 'tenant.created',
        object: 'tenant',
        result: 'ok',
        details: { environment },
      });
      return registerKey(sql, this.audit, { tenant, key, label: 'première clé', actor });
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
      return registerKey(sql, this.audit, { tenant, key, label, actor, ...(expiresAt && { expiresAt }) });
    });
  }

  /** False when no key in force has this id. Every instance hears of it from PostgreSQL. */
  async revokeKey(keyId: string, actor: string): Promise<boolean> {
    return this.database.asSystem(async (sql) => {
      const [row] = await sql.query<{ tenant_hash: string }>(
        'UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING tenant_hash',
        [keyId],
      );
      if (!row) return false;
      const tenant = readTenantHash(row.tenant_hash);
      await this.audit.write(sql, { tenant, actor, action: 'key.revoked', object: `key:${keyId}`, result: 'ok' });
      return true;
    });
  }

  /** Shuts a tenant out, or lets it in again: every key of it, everywhere, at once. False when it already was so. */
  async suspend(tenant: TenantHash, suspended: boolean, actor: string): Promise<boolean> {
    return this.database.asSystem(async (sql) => {
      const changed = await sql.query(
        `UPDATE tenants SET suspended_at = CASE WHEN $2 THEN now() END
         WHERE tenant_hash = $1 AND (suspended_at IS NOT NULL) <> $2 RETURNING 1`,
        [tenant, suspended],
      );
      if (changed.length === 0) return false;
      const action = suspended ? 'tenant.suspended' : 'tenant.resumed';
      await this.audit.write(sql, { tenant, actor, action, object: 'tenant', result: 'ok' });
      return true;
    });
  }

  /** Sets how many turns the deposits of a tenant have, from 1 to 100, for each turn of a tenant of weight one. */
  async weigh(tenant: TenantHash, weight: number, actor: string): Promise<void> {
    await this.database.asSystem(async (sql) => {
      const [row] = await sql.query<{ before: number }>(
        `UPDATE tenants t SET weight = $2 FROM tenants old
         WHERE t.tenant_hash = $1 AND old.tenant_hash = t.tenant_hash RETURNING old.weight AS before`,
        [tenant, weight],
      );
      if (!row) throw fail('NOT_FOUND', { detail: 'Ce CFA est inconnu.' });
      const details = { before: row.before, weight };
      await this.audit.write(sql, { tenant, actor, action: 'tenant.weighed', object: 'tenant', result: 'ok', details });
    });
  }

  /** Every tenant, or those whose hash begins with the given hex digits. */
  async list(hashPrefix = ''): Promise<TenantSummary[]> {
    const rows = await this.database.asSystem((sql) =>
      sql.query<SummaryRow>(
        `SELECT t.tenant_hash, t.nom, t.environment, t.suspended_at IS NOT NULL AS suspended, t.weight, t.created_at,
                coalesce(jsonb_agg(jsonb_build_object(
                  'id', k.id, 'prefix', k.prefix, 'label', k.label, 'createdAt', k.created_at,
                  'lastUsedAt', k.last_used_at, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at
                ) ORDER BY k.created_at) FILTER (WHERE k.id IS NOT NULL), '[]') AS keys
         FROM tenants t LEFT JOIN api_keys k USING (tenant_hash)
         WHERE starts_with(t.tenant_hash, $1) GROUP BY t.tenant_hash ORDER BY t.created_at`,
        [hashPrefix],
      ),
    );
    return rows.map(({ tenant_hash, created_at, ...rest }) => ({
      ...rest,
      hash: readTenantHash(tenant_hash),
      createdAt: created_at,
    }));
  }

  /** Notes that these keys were used, and who was refused since the last note. */
  async noteUse({ keyIds, refusals }: KeyUse): Promise<void> {
    if (keyIds.length === 0 && refusals.length === 0) return;
    await this.database.asSystem(async (sql) => {
      if (keyIds.length > 0) await sql.query('UPDATE api_keys SET last_used_at = now() WHERE id = ANY($1)', [keyIds]);
      await this.audit.writeAll(sql, refusals.map(entryOf));
    });
  }
}

function entryOf({ network, reason, count }: RefusedCalls): AuditEntry {
  return {
    tenant: null,
    actor: 'system:admission',
    action: 'key.refused',
    object: 'key',
    result: 'refused',
    ...(network.includes('/')
      ? { source: network, details: { reason, count } }
      : { details: { reason, count, network } }),
  };
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
