import type { Clock } from '../../core/clock.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail, type OpcoviaError } from '../../core/errors.js';
import type { Environment } from '../../core/tenant.js';
import { retryAfterSeconds } from '../../core/retry-after.js';
import type { DpopProofs } from './dpop.js';
import { laneOf, type Credentials, type Upstream } from './identities.js';
import type { Wire, WireResponse } from './wire.js';
import { upstreamFailure } from './upstream-failure.js';

/** An access token of the software at one OPCO. */
export interface AccessToken {
  readonly text: string;
  readonly dpop: boolean;
  /** `Clock.elapsed` at which another one is fetched: 60 s before it runs out. */
  readonly refreshAt: number;
}

/** Whose token, and where to get it. */
export interface TokenQuestion {
  readonly adapter: OpcoAdapter;
  readonly environment: Environment;
  readonly upstream: Upstream;
}

const earlyMs = 60_000;
/** One CFA's refused key must not have the token of all fetched anew at each of its calls. */
const sparedMs = 60_000;
const timeoutMs = 10_000;

/**
 * The tokens of the software: fetched once however many calls want one, kept until a minute before the end.
 *
 *     none ──get──▶ being fetched ──▶ held ──refreshAt──▶ none
 *                       │ failed               ▲ drop (the OPCO answered 401)
 *                       └──────────▶ none ─────┘
 *
 * A token fetched after a 401 that is answered 401 as well was not the reason: for a minute it is spared, and nothing is dropped.
 */
export class AccessTokens {
  readonly #held = new Map<string, AccessToken>();
  readonly #sparedUntil = new Map<string, number>();
  readonly #fetching = new Map<string, Promise<AccessToken>>();

  constructor(
    private readonly wire: Pick<Wire, 'send'>,
    private readonly credentials: Pick<Credentials, 'software'>,
    private readonly proofs: DpopProofs,
    private readonly clock: Clock,
  ) {}

  async get(question: TokenQuestion): Promise<AccessToken> {
    const lane = laneOf(question.adapter.id, question.environment);
    const held = this.#held.get(lane);
    if (held && this.clock.elapsed() < held.refreshAt) return held;
    let fetching = this.#fetching.get(lane);
    if (!fetching) {
      fetching = this.#fetch(lane, question).finally(() => this.#fetching.delete(lane));
      this.#fetching.set(lane, fetching);
    }
    return fetching;
  }

  /**
   * Forgets a token that the OPCO has refused, unless a newer one has taken its place.
   * False when the token is spared: there is no other to try.
   */
  drop({ adapter, environment }: TokenQuestion, token: AccessToken): boolean {
    const lane = laneOf(adapter.id, environment);
    if (this.#held.get(lane) !== token) return true;
    if (this.clock.elapsed() < (this.#sparedUntil.get(lane) ?? -Infinity)) return false;
    return this.#held.delete(lane);
  }

  /** Told when another token was refused like the one before it. */
  spare({ adapter, environment }: TokenQuestion): void {
    this.#sparedUntil.set(laneOf(adapter.id, environment), this.clock.elapsed() + sparedMs);
  }

  async #fetch(lane: string, question: TokenQuestion): Promise<AccessToken> {
    const { adapter, upstream } = question;
    const form = await this.#form(question);
    let response = await this.#ask(lane, question, form);
    const challenged = adapter.auth.dpop && this.proofs.learn(upstream.tokenUrl, response.headers);
    if (challenged && response.status >= 400 && response.status < 500) response = await this.#ask(lane, question, form);
    const token = this.#read(adapter, response);
    this.#held.set(lane, token);
    return token;
  }

  async #form({ adapter, environment }: TokenQuestion): Promise<Buffer> {
    const { clientId, clientSecret } = await this.credentials.software(adapter.id, environment);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    if (adapter.auth.scope !== undefined) form.set('scope', adapter.auth.scope);
    return Buffer.from(form.toString());
  }

  async #ask(lane: string, { adapter, upstream }: TokenQuestion, body: Buffer): Promise<WireResponse> {
    const url = upstream.tokenUrl;
    const proof = adapter.auth.dpop ? { dpop: await this.proofs.proof({ method: 'POST', url }) } : {};
    const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...proof };
    try {
      return await this.wire.send(lane, { method: 'POST', url, headers, body, timeoutMs });
    } catch (failure) {
      // The token request left, the call itself did not.
      throw upstreamFailure(adapter, failure, 'not-sent');
    }
  }

  #read(adapter: OpcoAdapter, response: WireResponse): AccessToken {
    if (response.status < 200 || response.status > 299) throw refusal(adapter, response, this.clock.now());
    const { access_token: text, token_type: type, expires_in: expiresIn } = fieldsOf(response.body);
    if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) throw refusal(adapter, response, this.clock.now());
    const lifeMs = Number(expiresIn ?? 3600) * 1000 || earlyMs;
    const refreshAt = this.clock.elapsed() + Math.max(lifeMs - earlyMs, lifeMs / 2);
    return { text, dpop: String(type).toLowerCase() === 'dpop', refreshAt };
  }
}

function fieldsOf(body: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return parsed !== null && typeof parsed === 'object' ? { ...parsed } : {};
  } catch {
    return {};
  }
}

function refusal(adapter: OpcoAdapter, { status, headers }: WireResponse, now: number): OpcoviaError {
  const upstream = { opcoId: adapter.id, status };
  const wait = retryAfterSeconds(headers['retry-after'], now);
  if (status === 429) return fail('RATE_LIMITED', { upstream, sent: 'not-sent', retryAfterSeconds: wait ?? 1 });
  if (status >= 500) return fail('UPSTREAM_ERROR', { upstream, sent: 'not-sent' });
  return fail('UPSTREAM_AUTH', {
    detail: `${adapter.label} n'a pas délivré de jeton d'accès au logiciel.`,
    upstream,
    sent: 'not-sent',
  });
}
