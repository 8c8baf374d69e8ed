import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';

/** What may be wrong, or other, with a token. */
export interface TokenChanges {
  readonly issuer?: string;
  readonly audience?: string;
  readonly subject?: string;
  readonly claims?: JWTPayload;
  /** Seconds since the epoch at which it ends; in ten minutes when absent, never when null. */
  readonly expiresAt?: number | null;
  /** Another key than the issuer's own. */
  readonly key?: CryptoKey | Uint8Array;
  readonly alg?: string;
}

/** An identity provider as far as staff tokens go. */
export interface StaffIssuer {
  /** The configuration by which the product believes it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly publicJwk: JWK;
  token(role: string, changes?: TokenChanges): Promise<string>;
  forget(): void;
}

/** Makes a key pair for ES256, and the file of its public half. */
export async function aStaffIssuer(alg = 'ES256'): Promise<StaffIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'staff-1', alg, use: 'sig' };
  const folder = mkdtempSync(join(tmpdir(), 'opcovia-staff-'));
  const path = join(folder, 'jwks.json');
  writeFileSync(path, JSON.stringify({ keys: [publicJwk] }));
  const [issuer, audience] = ['https://login.example.test', 'opcovia-staff'];
  return {
    publicJwk,
    variables: { OPCOVIA_STAFF_ISSUER: issuer, OPCOVIA_STAFF_JWKS: path },
    token: (role, changes = {}) => {
      const { expiresAt = Math.floor(Date.now() / 1000) + 600 } = changes;
      const token = new SignJWT({ roles: [role], ...changes.claims })
        .setProtectedHeader({ alg: changes.alg ?? alg, kid: 'staff-1' })
        .setIssuer(changes.issuer ?? issuer)
        .setAudience(changes.audience ?? audience)
        .setSubject(changes.subject ?? 'alix')
        .setIssuedAt();
      if (expiresAt !== null) token.setExpirationTime(expiresAt);
      return token.sign(changes.key ?? privateKey);
    },
    forget: () => rmSync(folder, { recursive: true, force: true }),
  };
}
