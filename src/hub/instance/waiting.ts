import type { TrafficClass } from '../../core/exchange.js';
import { lanes } from '../fair/classes.js';
import type { Wanted } from '../messages.js';

/** One call that waits for its permit. */
export interface Ask {
  readonly lane: TrafficClass;
  readonly tenant: string;
  readonly weight: number;
  granted(): void;
}

/** Those of this process that wait for one budget: who goes first is said elsewhere, within a tenant's class it is who came first. */
export class Waiting {
  readonly #asks = new Map<string, Set<Ask>>();

  add(ask: Ask): void {
    const name = nameOf(ask);
    const asks = this.#asks.get(name) ?? new Set();
    this.#asks.set(name, asks.add(ask));
  }

  /** False when it does not wait any more. */
  remove(ask: Ask): boolean {
    const asks = this.#asks.get(nameOf(ask));
    const waited = asks?.delete(ask) ?? false;
    if (asks?.size === 0) this.#asks.delete(nameOf(ask));
    return waited;
  }

  /** Hands so many permits to those of a class and tenant that came first; tells how many were of use. */
  grant(who: Pick<Wanted, 'lane' | 'tenant'>, calls: number): number {
    for (let used = 0; used < calls; used += 1) {
      const [ask] = this.#asks.get(nameOf(who)) ?? [];
      if (!ask) return used;
      this.remove(ask);
      ask.granted();
    }
    return calls;
  }

  /** How many wait of a class and of those before it, tenants that are blocked left aside. */
  upTo(lane: TrafficClass, blocked?: (tenant: string) => boolean): number {
    let calls = 0;
    for (const asks of this.#asks.values()) {
      for (const ask of asks) {
        if (lanes.indexOf(ask.lane) <= lanes.indexOf(lane) && !blocked?.(ask.tenant)) calls += asks.size;
        break;
      }
    }
    return calls;
  }

  get empty(): boolean {
    return this.#asks.size === 0;
  }

  /** All told, by class and tenant. */
  wants(): Wanted[] {
    const wants: Wanted[] = [];
    for (const asks of this.#asks.values()) {
      for (const { lane, tenant, weight } of asks) {
        wants.push({ lane, tenant, weight, calls: asks.size });
        break;
      }
    }
    return wants;
  }
}

function nameOf({ lane, tenant }: Pick<Wanted, 'lane' | 'tenant'>): string {
  return `${lane} ${tenant}`;
}
