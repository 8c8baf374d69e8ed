import type { Clock } from '../../core/clock.js';
import type { Environment } from '../../core/tenant.js';
import { Breaker, type CallOutcome } from './breaker.js';
import { breakerRules, laneOf, routeClasses, type RouteClass } from './route-class.js';

/** What calls came to lately. */
export interface ObservedCalls {
  /** Calls of the last five minutes, at most the 500 latest of each class of routes. */
  readonly calls: number;
  /** 0 to 1; connection failures, timeouts and 5xx. Null when nothing was called. */
  readonly errorRate: number | null;
  /** 95th percentile of the duration of a call. Null when nothing was called. */
  readonly p95Ms: number | null;
}

/** How an OPCO has fared lately, as this process saw it: all in all, and by class of routes. */
export interface ObservedHealth extends ObservedCalls {
  /** The worst of `breakers`. */
  readonly breaker: Breaker['state'];
  readonly breakers: Readonly<Record<RouteClass, Breaker['state']>>;
  readonly routes: Readonly<Record<RouteClass, ObservedCalls>>;
}

interface Sample {
  readonly at: number;
  readonly ms: number;
  readonly ill: boolean;
}

interface Lane {
  readonly breaker: Breaker;
  readonly samples: Sample[];
}

/** One class of routes of one OPCO in one environment. */
export interface LaneName {
  readonly opcoId: string;
  readonly environment: Environment;
  readonly routeClass: RouteClass;
}

const windowMs = 5 * 60_000;
const mostSamples = 500;
const worstFirst = ['open', 'half-open', 'closed'] as const;

/** The breaker and the recent calls of each class of routes of each OPCO, one set for each environment. */
export class OpcoHealth {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly clock: Clock) {}

  breaker(lane: LaneName): Breaker {
    return this.#lane(lane).breaker;
  }

  record(lane: LaneName, call: { readonly ms: number; readonly outcome: CallOutcome }): void {
    if (call.outcome === 'unknown') return;
    const { samples } = this.#lane(lane);
    samples.push({ at: this.clock.elapsed(), ms: call.ms, ill: call.outcome === 'ill' });
    if (samples.length > mostSamples) samples.shift();
  }

  observed(opcoId: string, environment: Environment): ObservedHealth {
    const since = this.clock.elapsed() - windowMs;
    const of = (routeClass: RouteClass) => this.#lane({ opcoId, environment, routeClass });
    const recent = (routeClass: RouteClass) => of(routeClass).samples.filter((sample) => sample.at > since);
    const breakers = { read: of('read').breaker.state, deposit: of('deposit').breaker.state };
    return {
      ...summaryOf(routeClasses.flatMap(recent)),
      breaker: worstFirst.find((state) => Object.values(breakers).includes(state)) ?? 'closed',
      breakers,
      routes: { read: summaryOf(recent('read')), deposit: summaryOf(recent('deposit')) },
    };
  }

  #lane({ opcoId, environment, routeClass }: LaneName): Lane {
    const name = laneOf(opcoId, environment, routeClass);
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { breaker: new Breaker(this.clock, breakerRules[routeClass]), samples: [] };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

function summaryOf(samples: readonly Sample[]): ObservedCalls {
  if (samples.length === 0) return { calls: 0, errorRate: null, p95Ms: null };
  const durations = samples.map((sample) => sample.ms).sort((a, b) => a - b);
  const p95Ms = durations[Math.ceil(durations.length * 0.95) - 1] ?? 0;
  return { calls: samples.length, errorRate: samples.filter(({ ill }) => ill).length / samples.length, p95Ms };
}
