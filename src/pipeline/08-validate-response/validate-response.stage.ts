import { readDrifting, type Drift } from '../../core/contract/drift.js';
import type { EndpointName } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';
import type { Environment } from '../../core/tenant.js';

/** Where answers that drifted from the contract are counted. */
export interface DriftNotes {
  note(opcoId: string, environment: Environment, drift: { endpoint: EndpointName; drifts: readonly Drift[] }): void;
}

/**
 * Judges the candidate against the contract of the answer, and puts up with drift that does not matter.
 * Settles: 502 UPSTREAM_INVALID for what cannot be trusted, naming the places and never their values.
 * Never invents: what is only spelled in another type is respelled, what nobody relies on is left out, and both are reported.
 */
export class ValidateResponseStage implements Stage {
  readonly name = 'validate-response';
  readonly reads = ['adapter', 'endpoint', 'candidate', 'response'] as const;
  readonly writes = ['answer'] as const;

  constructor(private readonly notes: DriftNotes) {}

  run(exchange: Exchange): void {
    const { answer, name } = exchange.read('endpoint');
    const { id, label } = exchange.read('adapter');
    const { value, drifts, unreadable } = readDrifting(answer, exchange.read('candidate'));
    if (drifts.length > 0) this.notes.note(id, exchange.call.tenant.environment, { endpoint: name, drifts });
    if (unreadable.length > 0) {
      throw fail('UPSTREAM_INVALID', {
        detail: `La réponse de ${label} ne respecte pas le contrat : ${unreadable.slice(0, 5).join(', ')}.`,
        upstream: { opcoId: id, status: exchange.read('response').status },
        sent: 'answered',
      });
    }
    exchange.write('answer', value);
  }
}
