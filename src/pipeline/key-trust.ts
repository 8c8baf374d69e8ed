import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import { fail, type OpcoviaError } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import type { TenantHash } from '../core/tenant.js';

/** What is asked in the name of a CFA whose key has not been seen at work for a while. */
type Ask = (call: Call) => Promise<Pick<Exchange, 'failure'>>;

/** An answer out of the cache needs a key that the OPCO accepted at most this long ago (reliability.md R3.1 f). */
const trustedMs = 55_000;

/** A hit waits so long for the proof at most: an OPCO that hangs refuses nobody, and the question goes on without whoever asked. */
const patienceMs = 500;

/**
 * Whether an OPCO still accepts the key of a CFA. Kept answers were opened by that key: once it is refused they must not be given
 * any more, and as long as everything comes out of the cache nobody would notice. So at most once a minute, and only while
 * somebody reads, the OPCO's status is asked with that key.
 *
 *     accepted ──55 s──▶ in doubt ──a read──▶ status asked ── 401/403 ──▶ refused: the read fails, kept answers are forgotten
 *        ▲ any call that is not refused            └── anything else ──▶ accepted (an OPCO that is down refuses nobody)
 */
export class KeyTrust {
  readonly #acceptedAt = new LRUCache<string, number>({ max: 50_000 });
  readonly #asking = new Map<string, { readonly since: number; readonly answer: Promise<OpcoviaError | undefined> }>();
  #ask: Ask | undefined;

  constructor(
    private readonly clock: Clock,
    /** Resolves after so many milliseconds; an aborted wait may do anything. */
    private readonly wait: (ms: number, signal: AbortSignal) => Promise<unknown>,
  ) {}

  /** The pipeline itself asks; it is made after the rooms that need this. */
  askThrough(ask: Ask): void {
    this.#ask = ask;
  }

  /** The OPCO has answered, and not by 401 or 403. */
  accepted(opcoId: string, tenant: TenantHash): void {
    this.#acceptedAt.set(nameOf(opcoId, tenant), this.clock.elapsed());
  }

  /** Whether a kept answer may be given without asking. */
  holds(opcoId: string, tenant: TenantHash): boolean {
    const at = this.#acceptedAt.get(nameOf(opcoId, tenant));
    return at !== undefined && this.clock.elapsed() - at < trustedMs;
  }

  /** Asks the OPCO, once for all who wonder; throws UPSTREAM_AUTH when the key is refused, and nothing when no answer comes in time. */
  async prove(call: Call): Promise<void> {
    const name = nameOf(call.opcoId, call.tenant.hash);
    const { since, answer } = this.#asking.get(name) ?? this.#begin(name, call);
    const leftMs = patienceMs - (this.clock.elapsed() - since);
    if (leftMs <= 0) return;
    const patience = new AbortController();
    const refusal = await Promise.race([
      answer,
      this.wait(leftMs, patience.signal).then(
        () => undefined,
        () => undefined,
      ),
    ]).finally(() => patience.abort());
    if (refusal) throw fail('UPSTREAM_AUTH', refusal.details);
  }

  #begin(name: string, { requestId, tenant, opcoId, traceparent }: Call) {
    const question: Call = {
      ...{ requestId, tenant, opcoId, endpoint: 'status', traffic: 'interactive', query: {} },
      cache: { noCache: true },
      ...(traceparent !== undefined && { traceparent }),
    };
    const answer = (this.#ask?.(question) ?? Promise.resolve({ failure: undefined }))
      .then(({ failure }) => {
        if (failure?.code === 'UPSTREAM_AUTH') return failure;
        this.accepted(opcoId, tenant.hash);
        return undefined;
      })
      .finally(() => this.#asking.delete(name));
    const asking = { since: this.clock.elapsed(), answer };
    this.#asking.set(name, asking);
    return asking;
  }
}

function nameOf(opcoId: string, tenant: TenantHash): string {
  return `${opcoId} ${tenant}`;
}
