import { createHash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { Clock } from '../../core/clock.js';

/** The request that a proof is for. */
export interface ProvenRequest {
  readonly method: string;
  readonly url: URL;
  /** Present once there is a token to bind the proof to. */
  readonly accessToken?: string;
}

/** Proofs of possession (RFC 9449) with one RS256 key a process: a token is useless to whoever steals it. */
export class DpopProofs {
  #key: Promise<{ readonly privateKey: CryptoKey; readonly jwk: JWK }> | undefined;
  readonly #nonces = new Map<string, string>();

  constructor(private readonly clock: Clock) {}

  async proof({ method, url, accessToken }: ProvenRequest): Promise<string> {
    const { privateKey, jwk } = await (this.#key ??= newKey());
    const nonce = this.#nonces.get(url.origin);
    const claims = {
      jti: randomUUID(),
      htm: method,
      htu: `${url.origin}${url.pathname}`,
      ...(accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk })
      .setIssuedAt(Math.floor(this.clock.now() / 1000))
      .sign(privateKey);
  }

  /** Remembers the nonce that a server hands out (RFC 9449 section 8); true when it differs from the one we had. */
  learn(url: URL, headers: Readonly<Record<string, string>>): boolean {
    const nonce = headers['dpop-nonce'];
    if (nonce === undefined || nonce === this.#nonces.get(url.origin)) return false;
    this.#nonces.set(url.origin, nonce);
    return true;
  }
}

async function newKey(): Promise<{ privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048 });
  const { kty, n, e } = await exportJWK(publicKey);
  return { privateKey, jwk: { kty, n, e } as JWK };
}
