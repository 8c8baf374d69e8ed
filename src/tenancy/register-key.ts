import { randomUUID } from 'node:crypto';
import type { AuditTrail, Author } from '../audit/audit-trail.js';
import { fail, type OpcoviaError } from '../core/errors.js';
import { tenantHashOf, type TenantHash } from '../core/tenant.js';
import type { Sql } from '../platform/database/database.js';
import { visiblePrefix } from './api-key.js';

/** The only moment at which a key is known in clear: hand it over and forget it. */
export interface IssuedKey {
  readonly tenant: TenantHash;
  readonly keyId: string;
  readonly key: string;
}

/** A key about to be registered, in clear. */
export interface KeyToRegister extends Author {
  readonly tenant: TenantHash;
  readonly key: string;
  readonly label: string;
  readonly expiresAt?: Date;
}

/** Writes a key of a tenant down, as its hash, with its audit row; throws CONFLICT when somebody has it already. */
export async function registerKey(sql: Sql, audit: AuditTrail, given: KeyToRegister): Promise<IssuedKey> {
  const { tenant, key, label, expiresAt, ...author } = given;
  const keyId = randomUUID();
  const made = await sql.query(
    `INSERT INTO api_keys (id, tenant_hash, key_hash, prefix, label, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [keyId, tenant, tenantHashOf(key), visiblePrefix(key), label, expiresAt ?? null],
  );
  if (made.length === 0) throw keyIsTaken();
  await audit.write(sql, { ...author, tenant, action: 'key.created', object: `key:${keyId}`, result: 'ok' });
  return { tenant, keyId, key };
}

/** The refusal of a key that is registered already, whoever has it. */
export function keyIsTaken(): OpcoviaError {
  return fail('CONFLICT', { detail: 'Cette clé est déjà enregistrée.' });
}
