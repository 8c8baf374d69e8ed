import type { Environment } from '../core/tenant.js';
import type { Env } from '../platform/config/env.js';
import { type Budget, type Clock, planBudget, setClock } from './pace.js';
import { todayInParis } from './paris.js';
import type { ClockSight, PollLoad } from './poll.js';

/** What the clock goes by. `random` gives [0, 1). */
export interface ReadClockPorts {
  readonly env: Pick<Env, 'OPCOVIA_POLL_SHARE' | 'OPCOVIA_POLL_DETAIL_SECONDS'>;
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Calls a second that an OPCO is believed to bear. */
  readonly callsPerSecondOf: (opcoId: string, environment: Environment) => number;
}

/** A tenant's part in the calls to an OPCO. */
export interface Share {
  readonly opcoId: string;
  readonly environment: Environment;
  /** Tenants of this environment that are polled at this OPCO. */
  readonly sharedBy: number;
  /** Calls that the list of invoices takes; 0 where it is not read. */
  readonly facturesCalls: number;
}

/** When a dossier that was read is worth a call again: the same whoever has read it. */
export class ReadClock {
  constructor(private readonly ports: ReadClockPorts) {}

  /** The calls that a tenant may plan on, given how much there is to read. */
  budget({ opcoId, environment, sharedBy, facturesCalls }: Share, { listCalls, dossiers, weights }: PollLoad): Budget {
    return planBudget({
      ...{ sharedBy, listCalls, facturesCalls, dossiers, weights },
      share: this.ports.env.OPCOVIA_POLL_SHARE,
      callsPerSecond: this.ports.callsPerSecondOf(opcoId, environment),
    });
  }

  /** The clock of one dossier. */
  set(share: Share, { dossier, observed, changed, ...load }: ClockSight): Clock {
    const { env, random, now } = this.ports;
    const budget = this.budget(share, load);
    const terms = { observed, changed, weights: load.weights, budget, leastSeconds: env.OPCOVIA_POLL_DETAIL_SECONDS };
    return setClock({ dossier, today: todayInParis(now()) }, { ...terms, random: random() });
  }
}
