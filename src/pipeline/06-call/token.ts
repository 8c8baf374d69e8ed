import type { Clock } from '../../core/clock.js';
import type { OpcoAdapter } from '../../core/endpoint.js';
import { fail, type OpcoviaError } from '../../core/errors.js';
import type { Environment } from '../../core/tenant.js';
import { retryAfterSeconds } from '../../core/retry-after.js';
import type { DpopProofs } from './dpop.js';
import type { Credentials, Upstream } from './identities.js';
import { laneOf } from './route-class.js';
import type { Wire, WireResponse } from './wire.js';
import { upstreamFailure } from './upstream-failure.js';

/** An access token of the software at one OPCO. */
export interface AccessToken {
  readonly text: string;
  readonly dpop: boolean;
  /** `Clock.elapsed` at which another one is fetched: 60 s before it runs out. */
  readonly refreshAt: number;
  /** `Clock.elapsed` until which it serves while that goes on, or fails. */
  readonly expiresAt: number;
}

/** How long a caller waits for a token; others may wait on for the same one. */
export interface TokenPatience {
  remainingMs(): number;
  readonly signal?: AbortSignal;
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
/** A token server that is down is not asked at each call, as long as the old token serves. */
const refreshPauseMs = 5000;
const lifeByDefaultSeconds = 3600;

/**
 * The tokens of the software: fetched once however many calls want one, and again a minute before the end.
 *
 *     none ──get──▶ being fetched ──▶ held ──refreshAt──▶ held, being fetched ──▶ held (the new one)
 *                       │ failed        ▲ │                     │ failed: again in 5 s, until it expires
 *                       └────▶ none ◀───┼─┴── drop (401), expiry ┘
 *
 * A token fetched after a 401 that is answered 401 as well was not the reason: for a minute it is spared, and nothing is dropped.
 */
export class AccessTokens {
  readonly #held = new Map<string, AccessToken>();
  readonly #sparedUntil = new Map<string, number>();
  readonly #fetching = new Map<string, Promise<AccessToken>>();
  readonly #refreshAfter = new Map<string, number>();

  constructor(
    private readonly wire: Pick<Wire, 'send'>,
    private readonly credentials: Pick<Credentials, 'software'>,
    private readonly proofs: DpopProofs,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws, always `not-sent`: UPSTREAM_AUTH when the software is refused, RATE_LIMITED, UPSTREAM_ERROR when the token server is
   * down or makes no sense, UPSTREAM_TIMEOUT when it is slower than the caller's patience.
   */
  async get(question: TokenQuestion, patience?: TokenPatience): Promise<AccessToken> {
    const lane = laneOf(question.adapter.id, question.environment);
    const held = this.#held.get(lane);
    const now = this.clock.elapsed();
    if (held && now < held.refreshAt) return held;
    if (held && now < held.expiresAt) {
      if (now >= (this.#refreshAfter.get(lane) ?? 0)) void this.#fetchOnce(lane, question).catch(() => undefined);
      return held;
    }
    const fetching = this.#fetchOnce(lane, question);
    return patience ? within(patience, fetching) : fetching;
  }

  #fetchOnce(lane: string, question: TokenQuestion): Promise<AccessToken> {
    let fetching = this.#fetching.get(lane);
    if (!fetching) {
      this.#refreshAfter.set(lane, this.clock.elapsed() + refreshPauseMs);
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
    const name = laneOf(adapter.id, question.environment, 'token');
    let response = await this.#ask(name, question, form);
    const challenged = adapter.auth.dpop && this.proofs.learn(upstream.tokenUrl, response.headers);
    if (challenged && response.status >= 400 && response.status < 500) response = await this.#ask(name, question, form);
    const token = this.#read(adapter, response);
    this.#held.set(lane, token);
    this.#refreshAfter.delete(lane);
    return token;
  }

  async #form({ adapter, environment, upstream }: TokenQuestion): Promise<Buffer> {
    const { clientId, clientSecret } = await this.credentials.software(adapter.id, environment);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    const scope = upstream.scope ?? adapter.auth.scope;
    if (scope !== undefined) form.set('scope', scope);
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
    const lifeMs = lifeSeconds(expiresIn) * 1000;
    const now = this.clock.elapsed();
    const refreshAt = now + Math.max(lifeMs - earlyMs, lifeMs / 2);
    return { text, dpop: String(type).toLowerCase() === 'dpop', refreshAt, expiresAt: now + lifeMs };
  }
}

/** What is missing or makes no sense is an hour: were it less, a 401 would tell. */
function lifeSeconds(expiresIn: unknown): number {
  const seconds = Number(expiresIn);
  return seconds > 0 && seconds < Infinity ? seconds : lifeByDefaultSeconds;
}

/** The token, or the end of this caller's patience; the fetch goes on for the others. */
function within({ remainingMs, signal }: TokenPatience, fetching: Promise<AccessToken>): Promise<AccessToken> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', left);
    };
    const left = () => (end(), reject(fail('UPSTREAM_ERROR', { sent: 'not-sent' })));
    const late = () => (end(), reject(fail('UPSTREAM_TIMEOUT', { sent: 'not-sent' })));
    const timer = setTimeout(late, remainingMs());
    signal?.addEventListener('abort', left, { once: true });
    if (signal?.aborted) left();
    fetching.finally(end).then(resolve, reject);
  });
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
  if (status !== 408 && status >= 400 && status <= 499)
    return fail('UPSTREAM_AUTH', {
      detail: `${adapter.label} n'a pas délivré de jeton d'accès au logiciel.`,
      upstream,
      sent: 'not-sent',
    });
  return fail('UPSTREAM_ERROR', {
    detail: `Le serveur de jetons de ${adapter.label} ne répond pas comme il devrait.`,
    upstream,
    sent: 'not-sent',
  });
}
