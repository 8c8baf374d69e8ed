import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { budgetKey } from '../../core/keys.js';
import type { PermitDecision, Permits } from '../../core/permits.js';
import type { Stage } from '../../core/stage.js';

type Refused = Extract<PermitDecision, { granted: false }>;

/**
 * How long each may be made to wait for a permit here. A person for a moment, before being told to come back; workers long enough to
 * take their permits the moment they fall due, where a wait in whole seconds would leave the budget half unused.
 */
const patienceMs: Readonly<Record<Exchange['call']['traffic'], number>> = {
  interactive: 250,
  job: 1000,
  poll: 1000,
  bulk: 1000,
};

/**
 * Takes a permit out of the OPCO's budget. A person waits for it up to 250 ms, workers up to a second, in one line, fairly between
 * classes of traffic and tenants; nobody waits for a permit that is known to come later.
 * Settles: 429 RATE_LIMITED with the true wait.
 * The permit is given back if the exchange ends before anything went upstream.
 */
export class RateLimitStage implements Stage {
  readonly name = 'rate-limit';
  readonly reads = ['adapter'] as const;
  readonly writes = ['permit'] as const;

  constructor(private readonly permits: Pick<Permits, 'ask'>) {}

  async run(exchange: Exchange): Promise<void> {
    const { tenant, traffic, signal } = exchange.call;
    const budget = budgetKey(exchange.read('adapter').id, tenant.environment);
    const decision = await this.permits.ask(budget, traffic, {
      ...{ tenant: tenant.hash, weight: tenant.weight ?? 1, patienceMs: patienceMs[traffic] },
      ...(signal && { signal }),
    });
    if (!decision.granted) throw refusal(decision);
    exchange.write('permit', decision.permit);
    exchange.whenSettled(() => {
      if (exchange.upstreamCalls === 0) decision.permit.release();
    });
  }
}

function refusal({ retryAfterSeconds: seconds, ofOne = false }: Refused): Error {
  return fail('RATE_LIMITED', {
    detail: "Le budget d'appels de cet OPCO est épuisé pour l'instant.",
    retryAfterSeconds: Math.max(1, Math.ceil(seconds)),
    ofOne,
    sent: 'not-sent',
  });
}
