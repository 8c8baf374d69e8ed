import { lanes } from '../fair/classes.js';
import type { Want } from '../fair/line.js';
import type { Held, LeaseTimes } from '../leases/lease-book.js';
import type { Became, Wanted } from '../messages.js';

/** More calls at once wants nobody. */
const mostCalls = 10_000;
const mostWants = 5000;
const longestMs = 3_600_000;

/** A number of calls: what is no number is none. */
export function saneCalls(calls: unknown): number {
  return Math.floor(within(calls, 0, mostCalls));
}

/** What may be wanted of what is wanted. */
export function saneWants(wants: readonly Wanted[]): Want[] {
  return wants
    .slice(0, mostWants)
    .filter(({ lane }) => lanes.includes(lane))
    .map(({ lane, tenant, weight, calls }) => ({
      ...{ lane, tenant: String(tenant) },
      ...{ weight: within(weight, 0.1, 100, 1), calls: saneCalls(calls) },
    }))
    .filter(({ calls }) => calls > 0);
}

/** What became of calls, as far as it can be true. */
export function saneBecame({ tenant, accepted, failed, throttled, ms, retryAfterMs, headers }: Became): Became {
  return {
    ...{ tenant: String(tenant), accepted: saneCalls(accepted), failed: saneCalls(failed) },
    throttled: saneCalls(throttled),
    ...(ms !== undefined && { ms: within(ms, 0, longestMs) }),
    ...(retryAfterMs !== undefined && { retryAfterMs: within(retryAfterMs, 0, longestMs) }),
    ...(headers && { headers }),
  };
}

/** What an instance may claim to hold of an earlier lease. */
export function saneHeld({ share, leftMs, known }: Held, { leaseMs }: LeaseTimes): Held {
  return { share: within(share, 0, 1), leftMs: within(leftMs, 0, leaseMs), known: known === true };
}

function within(value: unknown, least: number, most: number, otherwise = least): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.min(most, Math.max(least, value));
}
