import { pauseAfter } from '../bucket/learn.js';
import { readRateFields } from '../bucket/rate-fields.js';
import type { Became } from '../messages.js';

/** The fields that say how an OPCO counts; no other header of an answer leaves the process. */
const rateFields = ['ratelimit', 'ratelimit-policy', 'ratelimit-remaining', 'ratelimit-reset'] as const;

/** Of the headers of an answer, those that say how the OPCO counts; undefined where none does. */
export function countingOf(headers: Readonly<Record<string, string>>): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  for (const name of rateFields) {
    const value = headers[name];
    if (value !== undefined) found = { ...found, [name]: value.slice(0, 200) };
  }
  return found;
}

/** For how long an OPCO is left alone that refused, or said that its window is used up; undefined where it did neither. */
export function pauseOf({ throttled, retryAfterMs, headers }: Became): number | undefined {
  if (throttled > 0) return pauseAfter(retryAfterMs);
  const fields = headers && readRateFields(headers);
  return fields?.remaining === 0 ? pauseAfter(fields.resetMs ?? 0) : undefined;
}

/** What became of calls since the hub was told last. */
export class Reports {
  readonly #budgets = new Map<string, Map<string, Became>>();

  note(budget: string, became: Became): void {
    const tenants = this.#budgets.get(budget) ?? new Map<string, Became>();
    this.#budgets.set(budget, tenants);
    const known = tenants.get(became.tenant);
    tenants.set(became.tenant, known ? together(known, became) : became);
  }

  /** What there is to tell of a budget, by tenant; then nothing. */
  take(budget: string): Became[] {
    const tenants = this.#budgets.get(budget);
    this.#budgets.delete(budget);
    return [...(tenants?.values() ?? [])];
  }
}

function together(one: Became, other: Became): Became {
  const accepted = one.accepted + other.accepted;
  const ms = accepted > 0 ? ((one.ms ?? 0) * one.accepted + (other.ms ?? 0) * other.accepted) / accepted : undefined;
  const longest = Math.max(one.retryAfterMs ?? -1, other.retryAfterMs ?? -1);
  const headers = other.headers ?? one.headers;
  return {
    ...{ tenant: one.tenant, accepted, failed: one.failed + other.failed, throttled: one.throttled + other.throttled },
    ...(ms !== undefined && { ms }),
    ...(longest >= 0 && { retryAfterMs: longest }),
    ...(headers && { headers }),
  };
}
