import type { Clock } from '../core/clock.js';
import { Exchange, type Call } from '../core/exchange.js';
import { advance, type Stage } from '../core/stage.js';
import type { ResolveAdapterStage, Served } from './01-resolve-adapter/resolve-adapter.stage.js';

/** Drives the same list for workers, the poller and the synchronisation: what interceptors do under HTTP, in a loop. */
export class PipelineRunner {
  constructor(
    private readonly stages: readonly Stage[],
    private readonly clock: Clock,
    private readonly resolve: Pick<ResolveAdapterStage, 'served'>,
  ) {}

  /** The settled exchange. Never throws: `exchange.reply()` throws the failure, `exchange.failure` shows it. */
  async run(call: Call): Promise<Exchange> {
    const exchange = new Exchange(call, this.clock);
    for (const stage of this.stages) await advance(stage, exchange);
    return exchange;
  }

  /** Who would be asked, and for what, without asking; throws UNKNOWN_OPCO or NOT_SUPPORTED. */
  served(call: Pick<Call, 'opcoId' | 'endpoint'>): Served {
    return this.resolve.served(call.opcoId, call.endpoint);
  }
}
