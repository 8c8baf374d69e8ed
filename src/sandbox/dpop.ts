import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import type { Clock } from '../core/clock.js';

/** What a proof must prove (RFC 9449 section 4.3). */
export interface ProofDemand {
  readonly method: string;
  /** Absolute URL without query. */
  readonly url: string;
  /** Resource calls only: the access token that the proof must be bound to. */
  readonly accessToken?: string;
}

/** Seconds a proof may differ from our time; also how long its `jti` is remembered. */
const windowSeconds = 300;

/** Verifies DPoP proofs and remembers each `jti` for as long as its proof could be replayed. */
export class DpopVerifier {
  #seen = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** The thumbprint of the proof's key, or what is wrong with the proof. */
  async verify(proof: unknown, demand: ProofDemand): Promise<{ readonly jkt: string } | { readonly fault: string }> {
    if (typeof proof !== 'string') return { fault: 'DPoP header missing' };
    try {
      const now = this.clock.now();
      const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
        typ: 'dpop+jwt',
        algorithms: ['RS256'],
        requiredClaims: ['jti', 'htm', 'htu', 'iat'],
        currentDate: new Date(now),
      });
      const fault = claimFault(payload, demand, now) ?? this.#replay(String(payload['jti']), now);
      if (fault !== undefined || protectedHeader.jwk === undefined) return { fault: fault ?? 'jwk missing' };
      return { jkt: await calculateJwkThumbprint(protectedHeader.jwk) };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : 'invalid proof' };
    }
  }

  #replay(jti: string, now: number): string | undefined {
    for (const [old, until] of this.#seen) {
      // Insertion order is age order: the first that is still alive ends the sweep.
      if (until > now) break;
      this.#seen.delete(old);
    }
    if (this.#seen.has(jti)) return 'jti already used';
    this.#seen.set(jti, now + 2 * windowSeconds * 1000);
    return undefined;
  }
}

function claimFault(claims: Readonly<Record<string, unknown>>, demand: ProofDemand, now: number): string | undefined {
  if (claims['htm'] !== demand.method) return 'htm does not match';
  if (claims['htu'] !== demand.url) return 'htu does not match';
  if (Math.abs(Number(claims['iat']) - now / 1000) > windowSeconds) return 'iat is too far away';
  if (demand.accessToken === undefined) return undefined;
  const ath = createHash('sha256').update(demand.accessToken).digest('base64url');
  return claims['ath'] === ath ? undefined : 'ath does not match';
}
