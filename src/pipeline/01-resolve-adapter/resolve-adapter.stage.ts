import type { EndpointName, OpcoAdapter, OpcoId } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { opcoNotServed } from '../../core/opco-not-served.js';
import type { Stage } from '../../core/stage.js';

/** Whether the operator vouches for a capability that is `test` or `unknown` in the adapter. */
export type OperatorEnables = (opcoId: OpcoId, endpoint: EndpointName) => boolean;

/**
 * Finds the adapter of the OPCO and, in it, the endpoint that is asked for.
 * Settles: 404 UNKNOWN_OPCO, 501 NOT_SUPPORTED with what is known about the capability.
 * Never looks at the question itself.
 */
export class ResolveAdapterStage implements Stage {
  readonly name = 'resolve-adapter';
  readonly reads = [] as const;
  readonly writes = ['adapter', 'endpoint'] as const;
  readonly #adapters: ReadonlyMap<string, OpcoAdapter>;

  constructor(
    adapters: readonly OpcoAdapter[],
    private readonly operatorEnables: OperatorEnables = () => false,
  ) {
    this.#adapters = new Map(adapters.map((adapter) => [adapter.id, adapter]));
  }

  run(exchange: Exchange): void {
    const { opcoId, endpoint: name } = exchange.call;
    const adapter = this.#adapters.get(opcoId);
    if (!adapter) throw opcoNotServed(opcoId);
    const capability = adapter.capabilities[name];
    const endpoint = adapter.endpoints[name];
    const served = capability.state === 'supported' || this.operatorEnables(adapter.id, name);
    if (!endpoint || !served) {
      throw fail('NOT_SUPPORTED', {
        detail: `${adapter.label} ne propose pas cette opération${because(capability.note)}`,
      });
    }
    exchange.write('adapter', adapter);
    exchange.write('endpoint', endpoint);
  }
}

function because(note: string | undefined): string {
  return note === undefined ? '.' : ` : ${note}`;
}
