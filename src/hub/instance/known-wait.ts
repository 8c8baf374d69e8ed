import type { TrafficClass } from '../../core/exchange.js';
import type { PermitDecision } from '../../core/permits.js';
import type { BudgetWord } from '../messages.js';

/** Milliseconds to wait: behind all that wait, for the tenant's own sake, and at least, if nobody waited. */
export interface KnownWait {
  readonly shared: number;
  readonly own: number;
  readonly least: number;
}

/** Nobody is told to come back at once. */
const leastWaitMs = 1;

/** What a budget says at this moment. */
export function waitAt(word: BudgetWord, traffic: TrafficClass, tenant: string | undefined): KnownWait {
  const own = tenant !== undefined && Object.hasOwn(word.ofOne, tenant) ? (word.ofOne[tenant] ?? 0) : 0;
  return { shared: word.waitMs[traffic], own, least: Math.max(own, word.leastMs?.[traffic] ?? 0) };
}

/** What somebody is told who has to wait. */
export function refusal({ shared, own }: KnownWait): PermitDecision {
  return {
    granted: false,
    retryAfterSeconds: Math.max(leastWaitMs, shared, own) / 1000,
    ofOne: own > shared,
  };
}
