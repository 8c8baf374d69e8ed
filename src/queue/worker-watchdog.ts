import type { Clock } from '../core/clock.js';
import type { DepositQueues } from './deposit-queues.js';
import type { DepositWorkers } from './deposit-workers.js';

/** What the watchdog is made of. */
export interface WatchdogParts {
  readonly opcoIds: readonly string[];
  readonly queues: Pick<DepositQueues, 'waiting'>;
  readonly workers: Pick<DepositWorkers, 'moves' | 'restart'>;
  readonly clock: Pick<Clock, 'elapsed'>;
  /** Told of each restart. */
  readonly restarted: (opcoId: string) => void;
  readonly stuckMs: number;
}

interface Suspicion {
  readonly since: number;
  /** How often the worker had taken or ended a delivery then. */
  readonly moves: number;
}

/**
 * Restarts the worker of an OPCO that neither takes nor ends a delivery although some wait in its queue: after a bad reconnection
 * BullMQ has been seen to stay silent for ever. A Redis that is away is nobody's fault, and clears every suspicion.
 *
 *     fine ──waiting, nothing moves──▶ suspected ──for `stuckMs`──▶ restarted ──▶ fine
 *      ▲                                   │ something moved, nothing waits, Redis away
 *      └───────────────────────────────────┘
 */
export class WorkerWatchdog {
  readonly #suspicions = new Map<string, Suspicion>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(private readonly parts: WatchdogParts) {}

  start(): void {
    const everyMs = Math.max(10, this.parts.stuckMs / 4);
    this.#timer = setInterval(() => {
      this.#looking ??= this.look().finally(() => (this.#looking = undefined));
    }, everyMs).unref();
  }

  /** Resolves when the look under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look at every queue; never throws. */
  async look(): Promise<void> {
    await Promise.all(this.parts.opcoIds.map((opcoId) => this.#lookAt(opcoId)));
  }

  async #lookAt(opcoId: string): Promise<void> {
    const { queues, workers, clock, stuckMs, restarted } = this.parts;
    const waiting = await queues.waiting(opcoId).catch(() => 0);
    const moves = workers.moves(opcoId);
    const suspicion = this.#suspicions.get(opcoId);
    if (waiting === 0) {
      this.#suspicions.delete(opcoId);
    } else if (suspicion?.moves !== moves) {
      this.#suspicions.set(opcoId, { since: clock.elapsed(), moves });
    } else if (clock.elapsed() - suspicion.since >= stuckMs) {
      this.#suspicions.delete(opcoId);
      restarted(opcoId);
      await workers.restart(opcoId);
    }
  }
}
