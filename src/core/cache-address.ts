import { createHmac } from 'node:crypto';
import type { Question } from './endpoint.js';
import type { Exchange } from './exchange.js';
import { cacheKey } from './keys.js';
import type { CacheAddress } from './response-cache.js';

/** Where the answer of this exchange is kept: the same for every spelling of one question. */
export function cacheAddressOf(exchange: Exchange): CacheAddress {
  const { opcoId, tenant, cfaKey } = exchange.call;
  const endpoint = exchange.read('endpoint');
  const query = { ...exchange.read('question').query };
  if (cfaKey !== undefined) query['cfaKey'] = keyDigest(tenant.hash, cfaKey);
  const key = cacheKey({ opcoId, tenant: tenant.hash, method: 'GET', path: endpoint.path, query });
  return { key, opcoId, tenant: tenant.hash };
}

/** A key that a caller brought along names its entry by an HMAC under the tenant's hash; `queryHash` then digests it once more. */
function keyDigest(tenant: string, cfaKey: string): string {
  return createHmac('sha256', tenant).update(cfaKey).digest('base64url');
}

const numeroNames = new Set(['numeroInterne', 'numeroInterneDossier']);

/** The entity that every read of a tenant at an OPCO speaks of: forgetting it forgets them all. */
export const everyRead = 'reads';

/** The entities that an answer to a read speaks of. */
export function entitiesRead(endpoint: string, question: Question, answer: unknown): string[] {
  const dossiers =
    endpoint === 'dossier' || endpoint === 'liste' ? ['dossiers', ...numerosIn([question.query, answer])] : [];
  return [everyRead, endpoint, ...dossiers];
}

/** The entities whose cached reads a completed deposit makes doubtful. An invoice names dossiers by numeroExterne only, hence all of them. */
export function entitiesTouched(endpoint: string, question: Question, answer: unknown): string[] {
  const always = ['etats', 'facturesEtats', ...numerosIn([question.query, question.body, answer])];
  return endpoint === 'depositFacture' ? [...always, 'dossiers'] : always;
}

/** `dossier:<numeroInterne>` for every number found in a value. Depth is bounded: only the shapes of the norm get here. */
function numerosIn(value: unknown, depth = 0): string[] {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value) || depth > 6) return [];
  const found = Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
    numeroNames.has(name) && (typeof part === 'string' || typeof part === 'number')
      ? [`dossier:${part}`]
      : numerosIn(part, depth + 1),
  );
  return [...new Set(found)];
}
