import type { Clock } from '../core/clock.js';
import { Exchange, type Call } from '../core/exchange.js';
import { advance, type Stage } from '../core/stage.js';

/** Drives the same list for workers, the poller and the synchronisation: what interceptors do under HTTP, in a loop. */
export class PipelineRunner {
  constructor(
    private readonly stages: readonly Stage[],
    private readonly clock: Clock,
  ) {}

  /** The settled exchange. Never throws: `exchange.reply()` throws the failure, `exchange.failure` shows it. */
  async run(call: Call): Promise<Exchange> {
    const exchange = new Exchange(call, this.clock);
    for (const stage of this.stages) await advance(stage, exchange);
    return exchange;
  }
}
