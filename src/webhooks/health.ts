import { jittered } from './next-attempt.js';

/** What the attempts at one webhook say of it since its last success; times in milliseconds since the Unix epoch. */
export interface EndpointHealth {
  readonly consecutiveFailures: number;
  /** Those that were made to find out whether it is back. */
  readonly failedProbes: number;
  /** The first failure of the row. */
  readonly failingSince: number | null;
  /** When the patience began to run: the first failure that was far enough from the first of the row. */
  readonly patienceSince: number | null;
}

/** When a webhook is spared, and when it is given up; all of them are configuration. */
export interface HealthRules {
  /** Failures in a row after which only one attempt at a time is made. */
  readonly breakerFailures: number;
  /** Pause before the first of those; it doubles from one to the next. */
  readonly probeMs: number;
  readonly probeMaxMs: number;
  /** How far apart two failures of the row must be before patience runs: a short outage, however busy, never counts. */
  readonly spreadMs: number;
  /** Patience; only failures in it, and the webhook is disabled. */
  readonly disableAfterMs: number;
}

/** One failed attempt. */
export interface Failure {
  readonly at: number;
  /** Whether it was made while the webhook was being spared. */
  readonly probe: boolean;
}

/** Nothing is known against it: new, or its last attempt succeeded. */
export const healthy: EndpointHealth = {
  consecutiveFailures: 0,
  failedProbes: 0,
  failingSince: null,
  patienceSince: null,
};

/**
 * The health after one more failure; any success makes it `healthy` again.
 *
 *     healthy ──failure──▶ failing ──breakerFailures──▶ spared: one probe at a time, pauses grow
 *        ▲                    └──failure, spreadMs after the first──▶ patience runs ──disableAfterMs──▶ disabled
 *        └──────── success ───┴──────────────────────────────────────────┘
 */
export function afterFailure(before: EndpointHealth, { at, probe }: Failure, rules: HealthRules): EndpointHealth {
  const failingSince = before.failingSince ?? at;
  return {
    consecutiveFailures: before.consecutiveFailures + 1,
    failedProbes: before.failedProbes + (probe ? 1 : 0),
    failingSince,
    patienceSince: before.patienceSince ?? (at - failingSince > rules.spreadMs ? at : null),
  };
}

/** Whether a failure at that moment is one too many. */
export function isGivenUp({ patienceSince }: EndpointHealth, at: number, rules: HealthRules): boolean {
  return patienceSince !== null && at - patienceSince >= rules.disableAfterMs;
}

/** The health after several attempts, in the order in which they ended, and whether one of them was one too many. */
export function afterAttempts(
  before: EndpointHealth,
  attempts: readonly (Failure & { readonly taken: boolean })[],
  rules: HealthRules,
): { readonly health: EndpointHealth; readonly givenUp: boolean } {
  let [health, givenUp] = [before, false];
  for (const attempt of attempts) {
    health = attempt.taken ? healthy : afterFailure(health, attempt, rules);
    givenUp ||= !attempt.taken && isGivenUp(health, attempt.at, rules);
  }
  return { health, givenUp };
}

/** Milliseconds until a spared webhook is tried again; null while it is not spared. `random` is in [0, 1). */
export function probePauseMs(health: EndpointHealth, rules: HealthRules, random: number): number | null {
  if (health.consecutiveFailures < rules.breakerFailures) return null;
  // The exponent is bounded only to stay a finite number.
  const grown = rules.probeMs * 2 ** Math.min(health.failedProbes, 40);
  return jittered(Math.min(grown, rules.probeMaxMs), random);
}
