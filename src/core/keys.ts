import { hash } from 'node:crypto';
import type { TenantHash } from './tenant.js';

const prefix = 'opcovia';

/** The parts of a cache key (product.md 5). */
export interface CacheKeyParts {
  readonly opcoId: string;
  readonly tenant: TenantHash;
  readonly method: string;
  /** Canonical endpoint path, so that two spellings of one thing share an entry. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | number>>;
}

/** Unambiguous digest of a query: names sorted, each name and value length-prefixed. */
export function queryHash(query: Readonly<Record<string, string | number>>): string {
  let text = '';
  for (const name of Object.keys(query).sort()) {
    const value = String(query[name]);
    text += `${Buffer.byteLength(name)}:${name}${Buffer.byteLength(value)}:${value};`;
  }
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** The one builder of cache keys: `opcovia:cache:{opcoId}:{tenantHash}:{method}:{path}:{queryHash}`. */
export function cacheKey({ opcoId, tenant, method, path, query }: CacheKeyParts): string {
  return `${prefix}:cache:${opcoId}:${tenant}:${method}:${path}:${queryHash(query)}`;
}

/** Names the cache keys that hold one entity of a tenant; forgetting the entity deletes them. Digested: an entity may hold a dossier's number. */
export function cacheTagKey(opcoId: string, tenant: TenantHash, entity: string): string {
  return `${prefix}:cache-tag:${opcoId}:${tenant}:${queryHash({ entity })}`;
}

/** The channel on which instances tell each other which cache keys were forgotten. */
export const cacheForgetChannel = `${prefix}:cache-forget`;

/** The prefix of everything that BullMQ keeps. */
export const queuePrefix = `${prefix}:queue`;

/** The name of the BullMQ queue of an OPCO's deposits: one a partner, so that a slow one delays nobody else. */
export function depositQueueName(opcoId: string): string {
  return `deposits-${opcoId}`;
}

/** The budget that a call draws on: the OPCO as a whole. Hub keys alone carry no tenant. */
export function budgetKey(opcoId: string, environment: string): string {
  return `${prefix}:budget:${opcoId}:${environment}`;
}

/** The OPCO and the environment that a budget's key names. */
export function budgetParts(key: string): { readonly opco: string; readonly environment: string } {
  const [opco = '', environment = ''] = key.slice(`${prefix}:budget:`.length).split(':');
  return { opco, environment };
}

/** How far a tenant's and its keys' inbound limits are drawn: one hash a tenant, so that both are decided in one step. */
export function inboundKey(tenant: TenantHash): string {
  return `${prefix}:inbound:${tenant}`;
}
