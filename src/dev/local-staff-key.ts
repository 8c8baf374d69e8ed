import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Env } from '../platform/config/env.js';
import { localStaffIssuer } from '../platform/config/staff-keys.js';
import { createPrivate, readIfThere, readRecord, writePrivate } from './state-files.js';

/** The key pair by which an installation on embedded defaults signs staff tokens. */
interface LocalStaffKey {
  /** Ed25519, as a JWK with its `kid`. */
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** The file that holds the public half alone, as a JWKS. */
  readonly jwksPath: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const ofOurOwn = (variables: Variables) =>
  variables.NODE_ENV !== 'production' && !variables.OPCOVIA_STAFF_JWKS && !variables.OPCOVIA_STAFF_ISSUER;

/** What signs staff tokens here; undefined in production, and where the configuration names the keys of an issuer. */
export function localStaffSigner(variables: Variables) {
  if (!ofOurOwn(variables)) return undefined;
  const { privateJwk } = localStaffKey(variables.OPCOVIA_STATE_DIR || '.opcovia');
  return {
    privateJwk,
    issuer: localStaffIssuer,
    audience: variables.OPCOVIA_STAFF_AUDIENCE || new Env().OPCOVIA_STAFF_AUDIENCE,
  };
}

/** What the configuration leaves open, so that the product accepts what `staff-token` signs. */
export function localStaffVariables(variables: Variables): Variables {
  if (!ofOurOwn(variables)) return {};
  const { jwksPath } = localStaffKey(variables.OPCOVIA_STATE_DIR || '.opcovia');
  return { OPCOVIA_STAFF_ISSUER: localStaffIssuer, OPCOVIA_STAFF_JWKS: jwksPath, OPCOVIA_STAFF_ROLE_CLAIM: 'roles' };
}

/** Makes the pair of this state directory once (mode 600) and reads it ever after; a damaged one is replaced: it opens no stored value. */
function localStaffKey(stateDir: string): LocalStaffKey {
  const [keyPath, jwksPath] = [join(stateDir, 'staff-key.json'), join(stateDir, 'staff-jwks.json')];
  if (readIfThere(keyPath) === undefined) createPrivate(keyPath, freshKey());
  if (typeof readRecord(keyPath)?.['d'] !== 'string') writePrivate(keyPath, freshKey());
  const privateJwk = readRecord(keyPath) ?? {};
  const { kty, crv, x, kid, alg } = privateJwk;
  const jwks = `${JSON.stringify({ keys: [{ kty, crv, x, kid, alg, use: 'sig' }] })}\n`;
  if (readIfThere(jwksPath) !== jwks) writePrivate(jwksPath, jwks);
  return { privateJwk, jwksPath };
}

function freshKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return `${JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'EdDSA' })}\n`;
}
