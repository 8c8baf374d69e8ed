import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../core/clock.js';
import type { HubKeys } from '../../platform/config/hub-secrets.js';
import { instanceName } from '../../platform/config/instance-name.js';

const issuer = 'opcovia-hub';
const audience = 'opcovia-hub-line';
const typ = 'opcovia-hub+jwt';
/** A token may live so long at most, whoever signed it. */
const longestSeconds = 900;
/** How far the clocks of two hubs may be apart. */
export const toleranceSeconds = 30;
const longestText = 1024;

/** A token, and when it ends by the clock of the hub, in milliseconds since the epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** Whom a token lets in, and until when, tolerance not included. */
export interface Bearer {
  readonly instance: string;
  readonly expiresAt: number;
}

/** Issues and judges hub tokens: JWT, HS256, one audience. They open `/hub/ws` and nothing else. */
export class HubTokens {
  /** The only headers that are accepted, to the letter: another algorithm, `crit`, an embedded key, a name said twice are others. */
  readonly #headers: ReadonlyMap<string, Buffer>;
  readonly #lifeSeconds: number;

  constructor(
    private readonly keys: HubKeys,
    { lifeSeconds }: { readonly lifeSeconds: number },
    private readonly clock: Clock,
  ) {
    this.#lifeSeconds = Math.min(lifeSeconds, longestSeconds);
    this.#headers = new Map([...keys.keys].map(([kid, key]) => [encodedHeader(kid), key]));
  }

  async issue(instance: string): Promise<IssuedToken> {
    const key = this.keys.keys.get(this.keys.signing);
    if (!key) throw new Error('There is no key to sign with');
    const iat = Math.floor(this.clock.now() / 1000);
    const exp = iat + this.#lifeSeconds;
    const token = await new SignJWT({ iss: issuer, aud: audience, sub: instance, iat, exp, jti: randomUUID() })
      .setProtectedHeader(headerOf(this.keys.signing))
      .sign(key);
    return { token, expiresAt: exp * 1000 };
  }

  /** Undefined for whatever is no valid token of ours; why is nobody's business. */
  async verify(token: string): Promise<Bearer | undefined> {
    const key = token.length <= longestText ? this.#headers.get(token.slice(0, token.indexOf('.'))) : undefined;
    if (!key) return undefined;
    const now = this.clock.now();
    const verified = await jwtVerify(token, key, {
      ...{ algorithms: ['HS256'], issuer, audience, typ },
      requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp', 'jti'],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now),
    }).catch(() => undefined);
    const { sub, iat, exp, jti } = verified?.payload ?? {};
    if (typeof sub !== 'string' || typeof jti !== 'string' || iat === undefined || exp === undefined) return undefined;
    if (!instanceName.test(sub) || exp - iat > longestSeconds || exp < iat) return undefined;
    if (iat > now / 1000 + toleranceSeconds) return undefined;
    return { instance: sub, expiresAt: exp * 1000 };
  }
}

const headerOf = (kid: string) => ({ alg: 'HS256', typ, kid });

const encodedHeader = (kid: string): string => Buffer.from(JSON.stringify(headerOf(kid))).toString('base64url');
