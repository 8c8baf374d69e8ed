import { readFileSync } from 'node:fs';
import { parseUrl } from '../../core/parse-url.js';
import type { Env } from './env.js';
import { jsonOf } from './json-setting.js';

/** The issuer of tokens that `staff-token` signs on embedded defaults; refused in production. */
export const localStaffIssuer = 'opcovia-local';

/** A public key as it stands in a JWKS (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** Where the keys come from by which staff tokens are judged. */
export type StaffKeySource = { readonly url: URL } | { readonly keys: readonly PublicJwk[] };

/** What a staff token must be signed by, and say. */
export interface StaffRules {
  readonly issuer: string;
  readonly audience: string;
  readonly roleClaim: string;
  readonly source: StaffKeySource;
}

/** Members of a JWK that belong to its owner alone. */
const secretMembers = ['d', 'p', 'q', 'k', 'oth'];

/** Reads the OPCOVIA_STAFF_* settings; undefined where the door stays shut. Throws an Error that says what is wrong. */
export function parseStaffRules(env: Env): StaffRules | undefined {
  const { OPCOVIA_STAFF_ISSUER: issuer, OPCOVIA_STAFF_JWKS: place } = env;
  if (!issuer && !place) return undefined;
  if (!issuer || !place) throw new Error('OPCOVIA_STAFF_ISSUER and OPCOVIA_STAFF_JWKS go together');
  const production = env.NODE_ENV === 'production';
  if (production && issuer === localStaffIssuer) throw new Error('the local issuer is refused in production');
  return {
    ...{ issuer, audience: env.OPCOVIA_STAFF_AUDIENCE, roleClaim: env.OPCOVIA_STAFF_ROLE_CLAIM },
    source: /^[a-z]+:\/\//i.test(place) ? { url: keyAddress(place, production) } : { keys: keysIn(place) },
  };
}

function keyAddress(place: string, production: boolean): URL {
  const url = parseUrl(place);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error('it is neither an https address nor a path');
  if (production && url.protocol !== 'https:') throw new Error('only https is accepted in production');
  return url;
}

function keysIn(path: string): readonly PublicJwk[] {
  const { keys } = (jsonOf(textOf(path)) ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('the file is no JWKS with keys');
  return keys.map(publicKey);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Error('the file cannot be read');
  }
}

function publicKey(key: unknown): PublicJwk {
  if (typeof key !== 'object' || key === null || !('kty' in key)) throw new Error('the file is no JWKS with keys');
  if (secretMembers.some((member) => member in key)) throw new Error('the file holds a secret key');
  return key as PublicJwk;
}
