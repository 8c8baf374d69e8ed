import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../core/clock.js';
import { fail, OpcoviaError } from '../../core/errors.js';
import type { StaffKeySource, StaffRules } from '../../platform/config/staff-keys.js';
import { roleIn, type Staff } from './staff-role.js';

/** Signatures by a key pair only: with HS256 whoever reads the public key could sign. */
const algorithms = ['RS256', 'ES256', 'EdDSA'];
/** Between the clock of the issuer and ours. */
const toleranceSeconds = 30;
/** It stands in the audit trail: visible ASCII, and short. */
const subjectForm = /^[\x21-\x7e]{1,120}$/;
const bearer = /^Bearer ([\w-]+\.[\w-]+\.[\w-]*)$/i;

/** Judges the tokens of staff (RFC 7519; OpenID Connect signs them) by the issuer's public keys. */
export class StaffTokens {
  readonly #keys: JWTVerifyGetKey | undefined;

  /** Without rules there is no token that it accepts. */
  constructor(
    private readonly rules: StaffRules | undefined,
    private readonly clock: Clock,
  ) {
    this.#keys = rules && keysFrom(rules.source);
  }

  /** Who the `Authorization` field speaks for; fails with STAFF_TOKEN_REFUSED, or SERVICE_UNAVAILABLE while the keys cannot be had. */
  async judge(authorization: string | undefined): Promise<Staff> {
    const [, token] = bearer.exec(authorization ?? '') ?? [];
    if (token === undefined) throw refused("Envoyez un jeton d'équipe : Authorization: Bearer <jeton>.");
    if (!this.rules || !this.#keys) throw refused("Cette installation n'accepte aucun jeton d'équipe.");
    const { payload } = await this.#verified(token, this.rules, this.#keys);
    const { sub: subject = '' } = payload;
    if (!subjectForm.test(subject)) throw refused('Le sujet du jeton est illisible.');
    const role = roleIn(payload, this.rules.roleClaim);
    if (!role)
      throw fail('STAFF_ROLE_MISSING', { detail: 'Ce jeton ne porte aucun rôle : viewer, operator ou admin.' });
    return { subject, role };
  }

  async #verified(token: string, { issuer, audience }: StaffRules, keys: JWTVerifyGetKey) {
    try {
      return await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms, clockTolerance: toleranceSeconds },
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(this.clock.now()),
      });
    } catch (error) {
      // Without its cause, which holds the claims: a name may be among them.
      if (error instanceof OpcoviaError) throw error;
      if (error instanceof errors.JWTExpired) throw refused('Le jeton a expiré.');
      throw refused("Le jeton n'est pas signé par l'émetteur attendu, ou n'est pas pour cette installation.");
    }
  }
}

function keysFrom(source: StaffKeySource): JWTVerifyGetKey {
  if ('keys' in source) return createLocalJWKSet({ keys: [...source.keys] });
  const remote = createRemoteJWKSet(source.url);
  return (...token) => remote(...token).catch((error: unknown) => Promise.reject(judged(error)));
}

/** A key that is not there condemns the token; keys that cannot be read say nothing of it. */
function judged(cause: unknown): unknown {
  const ofToken = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
  if (ofToken.some((kind) => cause instanceof kind)) return cause;
  return fail('SERVICE_UNAVAILABLE', {
    detail: "Les clés de l'émetteur des jetons ne peuvent pas être lues ; réessayez dans quelques secondes.",
    retryAfterSeconds: 5,
    cause,
  });
}

function refused(detail: string): OpcoviaError {
  return fail('STAFF_TOKEN_REFUSED', { detail });
}
