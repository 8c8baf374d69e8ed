import type { CapabilityName, Endpoint, EndpointName, OpcoAdapter, OpcoId } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { opcoNotServed } from '../../core/opco-not-served.js';
import type { Stage } from '../../core/stage.js';

/** Whether the operator vouches for a capability, or for a trial of one, that is `test` or `unknown` in the adapter. */
export type OperatorEnables = (opcoId: OpcoId, capability: CapabilityName) => boolean;

/** Who is asked, and for what. */
export interface Served {
  readonly adapter: OpcoAdapter;
  readonly endpoint: Endpoint;
}

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
    const { opcoId, endpoint: name, composite } = exchange.call;
    const { adapter, endpoint } = this.served(opcoId, name);
    exchange.write('adapter', adapter);
    exchange.write('endpoint', composite ? adapter.complet : endpoint);
  }

  /** The adapter of the OPCO and the endpoint that would be asked; throws UNKNOWN_OPCO or NOT_SUPPORTED. */
  served(opcoId: string, name: EndpointName): Served {
    const adapter = this.#adapters.get(opcoId);
    if (!adapter) throw opcoNotServed();
    const endpoint = this.#endpoint(adapter, name);
    if (endpoint) return { adapter, endpoint };
    throw fail('NOT_SUPPORTED', {
      detail: `${adapter.label} ne propose pas cette opération${because(adapter.capabilities[name].note)}`,
    });
  }

  /** The version on trial where the operator enables it, else what is in production, else what the operator vouches for. */
  #endpoint(adapter: OpcoAdapter, name: EndpointName): Endpoint | undefined {
    const trial = adapter.trials?.[name];
    if (trial && this.operatorEnables(adapter.id, `${name}-v2`)) return trial.endpoint;
    const served = adapter.capabilities[name].state === 'supported' || this.operatorEnables(adapter.id, name);
    return served ? adapter.endpoints[name] : undefined;
  }
}

function because(note: string | undefined): string {
  return note === undefined ? '.' : ` : ${note}`;
}
