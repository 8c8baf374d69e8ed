import type { CapabilityName, OpcoAdapter, OpcoId } from './endpoint.js';

/**
 * The adapters as the operator has them served. A trial of `etats` pages otherwise than what it takes the place of: all
 * that asks for a page must go by the adapters here, never by the plain list.
 */
export class AdaptersInForce {
  readonly #byId: ReadonlyMap<string, OpcoAdapter>;

  constructor(adapters: readonly OpcoAdapter[], enables: (opcoId: OpcoId, capability: CapabilityName) => boolean) {
    this.#byId = new Map(
      adapters.map((adapter) => {
        const paging = enables(adapter.id, 'etats-v2') ? adapter.trials?.etats?.paging : undefined;
        return [adapter.id, paging ? { ...adapter, paging } : adapter];
      }),
    );
  }

  get list(): readonly OpcoAdapter[] {
    return [...this.#byId.values()];
  }

  /** The adapter of a slug; undefined for what is no OPCO. */
  of(opcoId: string): OpcoAdapter | undefined {
    return this.#byId.get(opcoId);
  }
}
