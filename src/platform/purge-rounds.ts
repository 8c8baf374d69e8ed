import type { Logger } from 'pino';
import type { Env } from './config/env.js';
import type { Metrics } from './metrics/metrics.js';
import { Rounds } from './rounds.js';

/** What purging needs of the application. */
export interface PurgeParts {
  readonly env: Pick<Env, 'OPCOVIA_PURGE_INTERVAL_SECONDS'>;
  readonly metrics: Pick<Metrics, 'purged'>;
  readonly log: Logger;
}

/**
 * Removes what has been kept long enough, at a fixed pace and batch after batch until nothing of it is left. No leader: instances
 * pass over each other's rows. What was removed is counted by kind.
 */
export class PurgeRounds {
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | undefined;

  /** `purge` removes one batch of each kind and tells how many rows that were; `seconds` in place of the usual pace. */
  constructor(
    private readonly parts: PurgeParts,
    private readonly purge: () => Promise<object>,
    private readonly seconds = parts.env.OPCOVIA_PURGE_INTERVAL_SECONDS,
  ) {
    this.#rounds = new Rounds({
      work: () => this.#batch(),
      onError: (err) => this.parts.log.error({ err }, 'purge stopped halfway'),
    });
  }

  /** The first round begins at once. */
  start(): void {
    this.#timer = setInterval(() => this.#rounds.wake(), this.seconds * 1000).unref();
    this.#rounds.wake();
  }

  /** Waits for the batch under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rounds.stop();
  }

  async #batch(): Promise<boolean> {
    const counts = Object.entries((await this.purge()) as Record<string, number>).filter(([, count]) => count > 0);
    for (const [kind, count] of counts) this.parts.metrics.purged.inc({ kind }, count);
    return counts.length > 0;
  }
}
