import type { Endpoint, OpcoAdapter, UpstreamResponse } from '../../core/endpoint.js';
import { everyRead } from '../../core/cache-address.js';
import { fail, type ErrorCode, type OpcoviaError, type UpstreamFault } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';
import { retryAfterSeconds } from '../../core/retry-after.js';
import type { TenantHash } from '../../core/tenant.js';

/** Where answers are kept; never throws. */
export interface KeptReads {
  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void>;
}

/** Where it is noted that an OPCO has accepted the key of a CFA. */
export interface KeyNotes {
  accepted(opcoId: string, tenant: TenantHash): void;
}

/**
 * Brings the OPCO's answer, or its refusal, into our words. Where the tenant's key is refused, what it once opened is forgotten.
 * Settles: 404 NOT_FOUND, 422 UPSTREAM_REJECTED, 429 RATE_LIMITED, 502 UPSTREAM_AUTH / UPSTREAM_INVALID / UPSTREAM_ERROR.
 * Never trusts what it has read: the candidate is judged by the next stage.
 */
export class TransformResponseStage implements Stage {
  readonly name = 'transform-response';
  readonly reads = ['adapter', 'endpoint', 'question', 'response'] as const;
  readonly writes = ['candidate'] as const;

  constructor(
    private readonly kept: KeptReads,
    private readonly keys: KeyNotes,
  ) {}

  async run(exchange: Exchange): Promise<void> {
    const endpoint = exchange.read('endpoint');
    const response = exchange.read('response');
    if (response.status < 200 || response.status > 299) {
      const refused = refusal(exchange.read('adapter'), endpoint, response, exchange.clock.now());
      if (refused.code === 'UPSTREAM_AUTH') await this.#forgetReads(exchange);
      else this.#noteKey(exchange);
      throw refused;
    }
    this.#noteKey(exchange);
    if (response.body === undefined) throw unusable(exchange.read('adapter'), response);
    const candidate = endpoint.toAnswer(response, exchange.read('question'));
    if (candidate === undefined) throw unusable(exchange.read('adapter'), response);
    exchange.write('candidate', candidate);
  }

  #noteKey({ call: { cfaKey, opcoId, tenant } }: Exchange): void {
    if (cfaKey === undefined) this.keys.accepted(opcoId, tenant.hash);
  }

  /** A key that the caller brought along to be judged is not the one that opened what is kept. */
  async #forgetReads({ call: { cfaKey, opcoId, tenant } }: Exchange): Promise<void> {
    if (cfaKey === undefined) await this.kept.forget(opcoId, tenant.hash, [everyRead]);
  }
}

/** An accepted deposit whose answer cannot be used has been applied all the same: `sent` says so to the queue. */
function unusable(adapter: OpcoAdapter, { status }: UpstreamResponse): OpcoviaError {
  return fail('UPSTREAM_INVALID', {
    detail: `${adapter.label} a répondu, mais sa réponse est illisible.`,
    upstream: { opcoId: adapter.id, status },
    sent: 'answered',
  });
}

function refusal(adapter: OpcoAdapter, endpoint: Endpoint, response: UpstreamResponse, now: number): OpcoviaError {
  const code = codeOf(endpoint, response);
  const wait =
    code === 'RATE_LIMITED' ? { retryAfterSeconds: retryAfterSeconds(response.headers['retry-after'], now) ?? 1 } : {};
  return fail(code, { upstream: faultOf(adapter, response), sent: 'answered', ...wait });
}

function codeOf(endpoint: Endpoint, response: UpstreamResponse): ErrorCode {
  const { status } = response;
  if (status === 429) return 'RATE_LIMITED';
  // A 408 leaves open whether the deposit was taken, as a 5xx does; a redirect is never followed.
  if (status < 400 || status >= 500 || status === 408) return 'UPSTREAM_ERROR';
  if (endpoint.kind === 'read' && (status === 404 || endpoint.isNotFound?.(response))) return 'NOT_FOUND';
  if (status === 401 || status === 403) return 'UPSTREAM_AUTH';
  return 'UPSTREAM_REJECTED';
}

function faultOf(adapter: OpcoAdapter, response: UpstreamResponse): UpstreamFault {
  const { code, message } = adapter.refusal(response);
  return {
    opcoId: adapter.id,
    status: response.status,
    ...(code === undefined ? {} : { code: printable(code, 64) }),
    ...(message === undefined ? {} : { message: printable(message, 500) }),
  };
}

/** Text of a stranger, without what could break a line, a terminal or a reading direction. */
function printable(text: string, limit: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, limit);
}
