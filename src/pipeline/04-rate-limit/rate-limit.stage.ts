import type { Clock } from '../../core/clock.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { budgetKey } from '../../core/keys.js';
import type { PermitDecision } from '../../core/permits.js';
import type { Stage } from '../../core/stage.js';

/** Where permits come from; never waits. */
export interface PermitSource {
  take(budget: string, traffic: Exchange['call']['traffic'], tenant: string): PermitDecision;
}

type Refused = Extract<PermitDecision, { granted: false }>;

/** Resolves after so many milliseconds; injected so that tests own time. */
export type Wait = (ms: number) => Promise<void>;

/**
 * How long each may be made to wait for a permit here. A person for a moment, before being told to come back; bulk traffic long
 * enough to take its permits the moment they fall due, where a wait in whole seconds would leave the budget half unused.
 */
const patienceMs: Readonly<Record<Exchange['call']['traffic'], number>> = {
  interactive: 250,
  job: 0,
  poll: 0,
  bulk: 1000,
};

/**
 * Takes a permit out of the OPCO's budget. A person waits for it up to 250 ms, bulk traffic up to a second; other workers are
 * refused at once and come back later.
 * Settles: 429 RATE_LIMITED with the true wait.
 * The permit is given back if the exchange ends before anything went upstream.
 */
export class RateLimitStage implements Stage {
  readonly name = 'rate-limit';
  readonly reads = ['adapter'] as const;
  readonly writes = ['permit'] as const;

  constructor(
    private readonly permits: PermitSource,
    private readonly clock: Clock,
    private readonly wait: Wait,
  ) {}

  async run(exchange: Exchange): Promise<void> {
    const budget = budgetKey(exchange.read('adapter').id, exchange.call.tenant.environment);
    const deadline = this.clock.elapsed() + patienceMs[exchange.call.traffic];
    for (;;) {
      const decision = this.permits.take(budget, exchange.call.traffic, exchange.call.tenant.hash);
      if (decision.granted) return keep(decision.permit, exchange);
      const waitMs = decision.retryAfterSeconds * 1000;
      if (this.clock.elapsed() + waitMs > deadline) throw refusal(decision);
      await this.wait(waitMs);
    }
  }
}

function keep(permit: { release(): void }, exchange: Exchange): void {
  exchange.write('permit', permit);
  exchange.whenSettled(() => {
    if (exchange.upstreamCalls === 0) permit.release();
  });
}

function refusal({ retryAfterSeconds: seconds, ofOne = false }: Refused): Error {
  return fail('RATE_LIMITED', {
    detail: "Le budget d'appels de cet OPCO est épuisé pour l'instant.",
    retryAfterSeconds: Math.max(1, Math.ceil(seconds)),
    ofOne,
    sent: 'not-sent',
  });
}
