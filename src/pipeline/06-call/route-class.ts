import type { Endpoint } from '../../core/endpoint.js';
import type { Environment } from '../../core/tenant.js';

/** What calls are kept apart by inside one OPCO: slow deposits must not hold up reads, nor the other way round. */
export type RouteClass = Endpoint['kind'];

/** All of them, as they are shown. */
export const routeClasses = ['read', 'deposit'] as const satisfies readonly RouteClass[];

/** Milliseconds. */
export interface ClassTimes {
  /** From the entry into room 06 to the last byte of the answer: waiting in line, tokens and retries included. */
  readonly totalMs: number;
  /** From the last byte of the request to the status line. */
  readonly headersMs: number;
}

/**
 * A read ends before its caller's patience (15 s) does, a deposit before a worker's drain (30 s). A deposit whose answer is
 * slow is waited for to the end: giving up early would leave its effect unknown.
 */
export const timesByDefault: Readonly<Record<RouteClass, ClassTimes>> = {
  read: { totalMs: 12_000, headersMs: 10_000 },
  deposit: { totalMs: 25_000, headersMs: 25_000 },
};

/** When a breaker opens, and for how long. */
export interface BreakerRules {
  readonly windowMs: number;
  /** Calls in the window before their failures mean anything. */
  readonly minimumCalls: number;
  /** 0 to 1: the share of ill calls that opens it. */
  readonly failureRatio: number;
  readonly firstOpenMs: number;
  /** Short enough that an OPCO that is back is noticed within ten seconds. */
  readonly longestOpenMs: number;
  /** Whether a probe only earns trial calls, one at a time, until one of them goes well: it was of another class than the calls. */
  readonly wary: boolean;
}

/** Deposits are few and each failure may cost a person a review: fewer of them, over a longer time, are proof enough. */
export const breakerRules: Readonly<Record<RouteClass, BreakerRules>> = {
  read: {
    ...{ windowMs: 10_000, minimumCalls: 10, failureRatio: 0.5 },
    ...{ firstOpenMs: 5000, longestOpenMs: 8000, wary: false },
  },
  deposit: {
    ...{ windowMs: 60_000, minimumCalls: 5, failureRatio: 0.5 },
    ...{ firstOpenMs: 5000, longestOpenMs: 8000, wary: true },
  },
};

/**
 * Names what belongs to one OPCO in one environment, and there to one class of routes: pools, breakers, statistics. The token
 * server has connections of its own: a refresh must not stand in line behind the calls that wait for it.
 */
export function laneOf(opcoId: string, environment: Environment, part?: RouteClass | 'token'): string {
  return part === undefined ? `${opcoId} ${environment}` : `${opcoId} ${environment} ${part}`;
}
