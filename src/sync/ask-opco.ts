import type { EndpointName } from '../core/endpoint.js';
import { asOpcoviaError } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import { judgeFailure, type Trouble } from './judge-failure.js';
import type { ReadGate } from './read-gate.js';
import type { ClaimedSync } from './sync-claim.repository.js';

/** The ten stages, as synchronisations need them: the settled exchange, never a throw. */
export interface Reads {
  run(call: Call): Promise<Exchange>;
}

/** What it works with. */
export interface AskParts {
  readonly reads: Reads;
  readonly gate: ReadGate;
  /** Resolves after so many milliseconds, or rejects when the signal ends the turn. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One turn of one synchronisation, as far as questions need it. */
export interface Turn {
  readonly claim: ClaimedSync;
  readonly requestId: string;
  /** Ends the turn early; what was committed until then stands. */
  readonly signal: AbortSignal;
}

/** A question of a synchronisation. */
export type BulkQuestion = { readonly endpoint: EndpointName; readonly query: Call['query'] };

/** How long a turn stands and waits for its quota before it gives its place to another. */
const longestWaitSeconds = 30;

/**
 * Asks an OPCO as the least urgent of all. Answers come fresh and are not kept: twenty thousand dossiers would push out of the
 * cache what people ask for. Stands and waits while others use up the quota, and while the OPCO says how long.
 */
export class AskOpco {
  constructor(private readonly parts: AskParts) {}

  /** The settled exchange; rejects with the signal's reason once the turn has ended. */
  async ask({ claim, requestId, signal }: Turn, question: BulkQuestion): Promise<Exchange> {
    const { tenant, opcoId } = claim;
    const call: Call = {
      ...{ requestId, tenant, opcoId, ...question, traffic: 'bulk', signal },
      cache: { noCache: true, noStore: true },
    };
    for (let waited = 0; ;) {
      const exchange = await this.parts.gate.through(opcoId, () => {
        signal.throwIfAborted();
        return this.parts.reads.run(call);
      });
      signal.throwIfAborted();
      const trouble = troubleOf(exchange);
      if (trouble?.kind !== 'wait' || trouble.reason !== 'quota') return exchange;
      if (waited + trouble.seconds > longestWaitSeconds) return exchange;
      await this.parts.wait(trouble.seconds * 1000, signal);
      waited += trouble.seconds;
    }
  }
}

/** What a failed exchange means; undefined for an answer. */
export function troubleOf(exchange: Exchange): Trouble | undefined {
  return exchange.failure && judgeFailure(asOpcoviaError(exchange.failure));
}
