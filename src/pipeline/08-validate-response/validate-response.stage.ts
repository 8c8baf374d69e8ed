import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';
import { compileContract } from '../../core/contract/check.js';

/**
 * Judges the candidate against the contract of the answer.
 * Settles: 502 UPSTREAM_INVALID, naming the places that drifted and never their values.
 * Never repairs: what passes is what the OPCO said.
 */
export class ValidateResponseStage implements Stage {
  readonly name = 'validate-response';
  readonly reads = ['adapter', 'endpoint', 'candidate', 'response'] as const;
  readonly writes = ['answer'] as const;

  run(exchange: Exchange): void {
    const candidate = exchange.read('candidate');
    const drift = compileContract(exchange.read('endpoint').answer).check(candidate);
    if (drift.length > 0) {
      const places = drift.slice(0, 5).map((finding) => finding.pointer || '/');
      const { id, label } = exchange.read('adapter');
      throw fail('UPSTREAM_INVALID', {
        detail: `La réponse de ${label} ne respecte pas le contrat : ${places.join(', ')}.`,
        upstream: { opcoId: id, status: exchange.read('response').status },
        sent: 'answered',
      });
    }
    exchange.write('answer', candidate);
  }
}
