import type { UpstreamResponse } from '../../core/endpoint.js';
import { asOpcoviaError } from '../../core/errors.js';

/** How one attempt ended. */
export type Attempted = { readonly response: UpstreamResponse } | { readonly failure: unknown };

/** What a retry needs of the world. */
export interface RetryConditions {
  /** Milliseconds before the caller's patience ends. */
  remainingMs(): number;
  /** 0 to 1. */
  random(): number;
  wait(ms: number): Promise<void>;
  /** Whether another call may be made now: a permit and a share of the retry budget. */
  mayCallAgain(): boolean | Promise<boolean>;
}

const mostRetries = 2;
const firstPauseMs = 100;
/** A retry that cannot last this long would only burn a permit. */
const leastUsefulMs = 500;

/** Asks a read again, at most twice and inside its deadline, where the OPCO surely did not answer it. Never for a deposit. */
export async function withRetries(
  attempt: () => Promise<UpstreamResponse>,
  conditions: RetryConditions,
): Promise<UpstreamResponse> {
  for (let retries = 0; ; retries += 1) {
    const attempted = await attempt().then(
      (response): Attempted => ({ response }),
      (failure: unknown): Attempted => ({ failure }),
    );
    const pauseMs = firstPauseMs * 2 ** retries * (0.5 + conditions.random());
    const useful = conditions.remainingMs() - pauseMs > leastUsefulMs;
    if (retries === mostRetries || !worthRepeating(attempted) || !useful || !(await conditions.mayCallAgain()))
      return settled(attempted);
    await conditions.wait(pauseMs);
  }
}

function worthRepeating(attempted: Attempted): boolean {
  if ('response' in attempted) return [502, 503, 504].includes(attempted.response.status);
  const { code, details } = asOpcoviaError(attempted.failure);
  return details.sent === 'not-sent' && (code === 'UPSTREAM_ERROR' || code === 'UPSTREAM_TIMEOUT');
}

function settled(attempted: Attempted): UpstreamResponse {
  if ('response' in attempted) return attempted.response;
  throw attempted.failure;
}

/** Retries that quiet times may lay aside for a bad one. */
const mostSaved = 10;

/**
 * Keeps retries a small share of the calls of an OPCO, so that they never finish off one that is struggling: one to ten calls, and
 * two to begin with.
 */
export class RetryBudget {
  /** In tenths: fractions would not add up. */
  #saved = 20;

  /** A first attempt was made: it earns a tenth of a retry. */
  earn(): void {
    this.#saved = Math.min(mostSaved * 10, this.#saved + 1);
  }

  spend(): boolean {
    if (this.#saved < 10) return false;
    this.#saved -= 10;
    return true;
  }
}
