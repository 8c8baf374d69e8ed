import type { Clock } from '../core/clock.js';
import type { Environment } from '../core/tenant.js';
import type { DepositQueues } from './deposit-queues.js';
import { Holds, type Hold } from './holds.js';
import type { OutboxRepository } from './outbox.repository.js';
import { Turns } from './turns.js';

/** How the dispatcher is set. */
export interface DispatchRules {
  /** Milliseconds between two looks when nothing wakes it. */
  readonly intervalMs: number;
  /** Deposits that this process sends at the same time, per OPCO. */
  readonly slots: number;
}

/** What the dispatcher is made of. */
export interface DispatcherParts {
  readonly outbox: Pick<OutboxRepository, 'takeDue' | 'putBack' | 'opcosWithDueJobs'>;
  readonly queues: Pick<DepositQueues, 'add' | 'waiting'>;
  /** Deliveries that this process is working on at an OPCO. */
  readonly busy: (opcoId: string) => number;
  readonly clock: Clock;
  readonly rules: DispatchRules;
}

const environments: readonly Environment[] = ['test', 'live'];

/**
 * Brings what is due from PostgreSQL into BullMQ, about twice the slots of an OPCO at most: order and fairness are
 * decided at the last moment, and Redis holds little that could be lost.
 *
 *     asleep ──wake(opco) / tick──▶ looking ──▶ marked in PostgreSQL ──▶ in BullMQ
 *                 ▲                    │ Redis away: marks taken back        │
 *                 └────────────────────┴─────────────────────────────────────┘
 */
export class Dispatcher {
  readonly #wanted = new Set<string>();
  readonly #turns = new Map<string, Turns>();
  readonly #holds = new Map<string, Holds>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #running = false;

  constructor(private readonly parts: DispatcherParts) {}

  start(): void {
    this.#running = true;
    this.#timer = setInterval(() => void this.#tick(), this.parts.rules.intervalMs).unref();
    void this.#tick();
  }

  /** Stops looking; resolves when the look under way has ended. */
  async stop(): Promise<void> {
    this.#running = false;
    clearInterval(this.#timer);
    this.#wanted.clear();
    await this.#looking;
  }

  /** Something may be due at this OPCO, or a slot has become free. */
  wake(opcoId: string): void {
    if (!this.#running) return;
    this.#wanted.add(opcoId);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      const [next] = this.#wanted;
      if (next !== undefined) this.wake(next);
    });
  }

  /** The OPCO refuses a CFA, or everybody of an environment: brings nothing of them there for so long, an hour at most. */
  hold(opcoId: string, hold: Hold): void {
    this.#holdsOf(opcoId).add(hold);
  }

  #holdsOf(opcoId: string): Holds {
    const holds = this.#holds.get(opcoId) ?? new Holds(this.parts.clock);
    this.#holds.set(opcoId, holds);
    return holds;
  }

  async #tick(): Promise<void> {
    try {
      for (const opcoId of await this.parts.outbox.opcosWithDueJobs()) this.wake(opcoId);
    } catch {
      // PostgreSQL is away: the next tick asks again.
    }
  }

  async #look(): Promise<void> {
    // At the end of the tick, so that deposits accepted together are brought together.
    await new Promise((resolve) => setImmediate(resolve));
    const opcoIds = [...this.#wanted];
    this.#wanted.clear();
    await Promise.all(opcoIds.map((opcoId) => this.#dispatch(opcoId).catch(() => undefined)));
  }

  async #dispatch(opcoId: string): Promise<void> {
    const { outbox, queues, busy, rules } = this.parts;
    const holds = this.#holdsOf(opcoId);
    const open = environments.filter((environment) => !holds.holds(environment));
    if (open.length === 0) return;
    // Asked first: while Redis is away nothing is marked. `busy` comes second, so that a delivery that a worker is just taking
    // is rather counted twice than not at all.
    const waiting = await queues.waiting(opcoId);
    const room = rules.slots * 2 - waiting - busy(opcoId);
    if (room <= 0) return;
    const turns = this.#turns.get(opcoId) ?? new Turns();
    this.#turns.set(opcoId, turns);
    const jobs = await outbox.takeDue({ opcoId, environments: open, held: holds.tenants, room, turns });
    if (jobs.length === 0) return;
    try {
      await queues.add(opcoId, jobs);
    } catch {
      await outbox.putBack(jobs);
    }
  }
}
