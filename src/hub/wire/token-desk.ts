import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import { networkOf } from '../../core/network-of.js';
import type { HubInstances } from '../../platform/config/hub-secrets.js';
import { TokenBucket } from './token-bucket.js';
import type { HubTokens } from './tokens.js';

/** What is answered to a request for a token, in the words of RFC 6749. */
export type TokenAnswer =
  | { readonly status: 200; readonly accessToken: string; readonly expiresInSeconds: number }
  | { readonly status: 401 }
  | { readonly status: 429; readonly retryAfterSeconds: number };

/** What a desk hands out tokens with. */
export interface TokenDeskParts {
  readonly tokens: HubTokens;
  readonly instances: HubInstances;
  readonly clock: Clock;
  readonly failuresPerMinute: number;
  /** Whether an instance has been revoked, whatever secret it has. */
  revoked(instance: string): boolean;
}

/** Networks that are remembered for what they got wrong; the one silent for longest is forgotten first. */
const mostNetworks = 10_000;
const longestHeader = 512;

/** Hands out tokens for the secret of an instance. Whoever guesses is slowed down, by network; a right secret costs nothing. */
export class TokenDesk {
  readonly #failures = new LRUCache<string, TokenBucket>({ max: mostNetworks });

  constructor(private readonly parts: TokenDeskParts) {}

  /** `authorization` is HTTP Basic: the name of the instance and its secret. */
  async exchange(authorization: string | undefined, address: string): Promise<TokenAnswer> {
    const failures = this.#failuresOf(networkOf(address) ?? 'elsewhere');
    if (failures.empty) return { status: 429, retryAfterSeconds: Math.ceil(60 / this.parts.failuresPerMinute) };
    const { instance, secret } = basic(authorization);
    if (!this.parts.instances.admits(instance, secret)) {
      failures.take();
      return { status: 401 };
    }
    // It knows its secret, so that it guesses nothing: however often it comes back, its neighbours get their tokens.
    if (this.parts.revoked(instance)) return { status: 401 };
    const { token, expiresAt } = await this.parts.tokens.issue(instance);
    return {
      status: 200,
      accessToken: token,
      expiresInSeconds: Math.max(1, Math.floor((expiresAt - this.parts.clock.now()) / 1000)),
    };
  }

  #failuresOf(network: string): TokenBucket {
    const known = this.#failures.get(network);
    if (known) return known;
    const perMinute = this.parts.failuresPerMinute;
    const bucket = new TokenBucket({ perSecond: perMinute / 60, burst: perMinute }, this.parts.clock);
    this.#failures.set(network, bucket);
    return bucket;
  }
}

function basic(authorization = ''): { instance: string; secret: string } {
  const [, encoded = ''] = (authorization.length <= longestHeader && /^Basic ([\w+/=-]+)$/i.exec(authorization)) || [];
  const [instance = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':', 2);
  return { instance, secret };
}
