import type { Exchange } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';

/**
 * Says the question in the OPCO's words: path, query and body of the call, relative to its base URL.
 * Settles nothing: a question that passed stage 02 can be said.
 * Never adds a host, a secret or an identity: those belong to the call.
 */
export class TransformRequestStage implements Stage {
  readonly name = 'transform-request';
  readonly reads = ['endpoint', 'question'] as const;
  readonly writes = ['request'] as const;

  run(exchange: Exchange): void {
    exchange.write('request', exchange.read('endpoint').toRequest(exchange.read('question')));
  }
}
