import { opcoIds } from '../../core/endpoint.js';
import type { Env } from './env.js';
import { entriesOf, jsonOf } from './json-setting.js';

/** What an operator knows better than the adapter. */
export interface LimitOverride {
  readonly callsPerSecond: number;
  readonly burst: number;
  /** The highest rate that may be learnt; `callsPerSecond` is a contract where it is absent. */
  readonly ceiling?: number;
}

/** Reads OPCOVIA_UPSTREAM_LIMITS by OPCO; throws an Error that says what is wrong. */
export function parseUpstreamLimits(env: Env): ReadonlyMap<string, LimitOverride> {
  const overrides = new Map<string, LimitOverride>();
  for (const [opcoId, limit] of entriesOf(env.OPCOVIA_UPSTREAM_LIMITS ? jsonOf(env.OPCOVIA_UPSTREAM_LIMITS) : {})) {
    if (!(opcoIds as readonly string[]).includes(opcoId)) throw new Error('it names an unknown OPCO');
    const { callsPerSecond, burst, ceiling } = Object.fromEntries(entriesOf(limit));
    overrides.set(opcoId, {
      callsPerSecond: positive(callsPerSecond),
      burst: positive(burst),
      ...(ceiling !== undefined && { ceiling: positive(ceiling) }),
    });
  }
  return overrides;
}

function positive(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 1_000_000) return value;
  throw new Error('callsPerSecond and burst are numbers above 0');
}
