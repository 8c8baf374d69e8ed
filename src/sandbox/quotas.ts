import type { Clock } from '../core/clock.js';

/** How many calls a client may make in each window. */
export interface Quota {
  readonly limit: number;
  readonly windowMs: number;
}

/** Generous: nothing that is not looking for a 429 meets one. */
export const defaultQuota: Quota = { limit: 50, windowMs: 1000 };

/** Fixed windows on real time, one counter for each OPCO and client; clients are few, so nothing is ever evicted. */
export class Quotas {
  #quotas = new Map<string, Quota>();
  #windows = new Map<string, { window: number; used: number }>();

  constructor(private readonly clock: Clock) {}

  set(opcoId: string, quota: Quota): void {
    this.#quotas.set(opcoId, quota);
  }

  clear(): void {
    this.#quotas.clear();
    this.#windows.clear();
  }

  /** Takes one call; 0 when it is granted, else the whole seconds to the next window, at least 1. */
  take(opcoId: string, client: string): number {
    const { limit, windowMs } = this.#quotas.get(opcoId) ?? defaultQuota;
    const now = this.clock.now();
    const window = Math.floor(now / windowMs);
    const key = `${opcoId} ${client}`;
    const counter = this.#windows.get(key);
    if (counter === undefined || counter.window !== window) {
      this.#windows.set(key, { window, used: 1 });
      return limit > 0 ? 0 : Math.ceil(windowMs / 1000);
    }
    if (counter.used >= limit) return Math.max(1, Math.ceil(((window + 1) * windowMs - now) / 1000));
    counter.used += 1;
    return 0;
  }
}
