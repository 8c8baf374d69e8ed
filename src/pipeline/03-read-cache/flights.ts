import type { OpcoviaError } from '../../core/errors.js';
import type { Exchange, Reply } from '../../core/exchange.js';

/** How the exchange that went ahead ended. */
export type Outcome =
  | { readonly reply: Reply }
  | {
      readonly failure: OpcoviaError;
      /** Its caller left: says nothing about the OPCO. */ readonly abandoned: boolean;
    };

/**
 * Identical questions in this process: the first goes ahead, the others wait for how it ended.
 *
 *     nobody ──lead──▶ in flight ──leader settles──▶ nobody
 *                        ▲ join (followers wait)
 */
export class Flights {
  readonly #inFlight = new Map<string, Promise<Outcome>>();

  /** The outcome to wait for, or undefined after making this exchange the leader until it settles. */
  joinOrLead(name: string, exchange: Exchange): Promise<Outcome> | undefined {
    const flying = this.#inFlight.get(name);
    if (flying) return flying;
    this.#inFlight.set(
      name,
      new Promise((land) => {
        exchange.whenSettled(() => {
          this.#inFlight.delete(name);
          land(outcomeOf(exchange));
        });
      }),
    );
    return undefined;
  }
}

/** An old answer that stood in stays with its exchange: each of the others has its own laid aside, and says so in its own headers. */
function outcomeOf(exchange: Exchange): Outcome {
  const failure = exchange.failure ?? exchange.rescuedFrom;
  if (failure) return { failure, abandoned: exchange.call.signal?.aborted ?? false };
  return { reply: exchange.reply() };
}
