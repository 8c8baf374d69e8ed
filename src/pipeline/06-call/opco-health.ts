import type { Clock } from '../../core/clock.js';
import type { Environment } from '../../core/tenant.js';
import { Breaker, type CallOutcome } from './breaker.js';
import { laneOf } from './identities.js';

/** How an OPCO has fared lately, as this process saw it. */
export interface ObservedHealth {
  /** Calls of the last five minutes, at most the 500 latest. */
  readonly calls: number;
  /** 0 to 1; connection failures, timeouts and 5xx. Null when nothing was called. */
  readonly errorRate: number | null;
  /** 95th percentile of the duration of a call. Null when nothing was called. */
  readonly p95Ms: number | null;
  readonly breaker: Breaker['state'];
}

interface Sample {
  readonly at: number;
  readonly ms: number;
  readonly ill: boolean;
}

const windowMs = 5 * 60_000;
const mostSamples = 500;

/** The breaker and the recent calls of each OPCO, one set for each environment. */
export class OpcoHealth {
  readonly #lanes = new Map<string, { readonly breaker: Breaker; readonly samples: Sample[] }>();

  constructor(private readonly clock: Clock) {}

  breaker(opcoId: string, environment: Environment): Breaker {
    return this.#lane(opcoId, environment).breaker;
  }

  record(opcoId: string, environment: Environment, call: { readonly ms: number; readonly outcome: CallOutcome }): void {
    if (call.outcome === 'unknown') return;
    const { samples } = this.#lane(opcoId, environment);
    samples.push({ at: this.clock.elapsed(), ms: call.ms, ill: call.outcome === 'ill' });
    if (samples.length > mostSamples) samples.shift();
  }

  observed(opcoId: string, environment: Environment): ObservedHealth {
    const { breaker, samples } = this.#lane(opcoId, environment);
    const since = this.clock.elapsed() - windowMs;
    const recent = samples.filter((sample) => sample.at > since);
    if (recent.length === 0) return { calls: 0, errorRate: null, p95Ms: null, breaker: breaker.state };
    const durations = recent.map((sample) => sample.ms).sort((a, b) => a - b);
    const p95Ms = durations[Math.ceil(durations.length * 0.95) - 1] ?? 0;
    const ill = recent.filter((sample) => sample.ill).length;
    return { calls: recent.length, errorRate: ill / recent.length, p95Ms, breaker: breaker.state };
  }

  #lane(opcoId: string, environment: Environment): { readonly breaker: Breaker; readonly samples: Sample[] } {
    const name = laneOf(opcoId, environment);
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = { breaker: new Breaker(this.clock), samples: [] }));
    return lane;
  }
}
