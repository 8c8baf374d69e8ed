import type { DepositQueues } from './deposit-queues.js';
import type { FileStore } from './file-store.js';
import type { LostAttemptsRepository } from './lost-attempts.repository.js';
import type { OldEntry, OutboxRepository } from './outbox.repository.js';

/** How the relay is set; seconds. */
export interface RelayRules {
  readonly intervalSeconds: number;
  /** An entry younger than this may still be on its way into Redis. */
  readonly graceSeconds: number;
  /** An entry older than this is brought again whatever Redis says. */
  readonly boundSeconds: number;
}

/** What the relay is made of. */
export interface RelayParts {
  readonly outbox: Pick<OutboxRepository, 'enqueuedLongAgo' | 'putBack'>;
  readonly queues: Pick<DepositQueues, 'holds'>;
  readonly lost: Pick<LostAttemptsRepository, 'silent' | 'takeOver'>;
  readonly files: Pick<FileStore, 'purgeStrays'>;
  /** Tells the dispatcher that something is due again. */
  readonly wake: (opcoId: string) => void;
  /** Called after a take-over: it may have written events. */
  readonly committed: () => void;
  readonly rules: RelayRules;
}

/** Longer than any upload may last. */
const strayAfterSeconds = 3600;

/**
 * Finds what Redis or a dead worker has lost, at the start and at a fixed pace. Bringing something twice is harmless: the claim
 * in PostgreSQL lets one delivery through.
 *
 *     enqueued, pending, not in Redis        ──▶ due again
 *     processing, silent in two sweeps       ──▶ no intent: due again      an intent: needs_review
 *     files that no job has taken for an hour  ──▶ gone
 */
export class Relay {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #suspects: ReadonlySet<string> = new Set();

  constructor(private readonly parts: RelayParts) {}

  start(): void {
    const tick = () => {
      this.#sweeping ??= this.sweep().finally(() => (this.#sweeping = undefined));
    };
    this.#timer = setInterval(tick, this.parts.rules.intervalSeconds * 1000).unref();
    tick();
  }

  /** Resolves when the sweep under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** One sweep; never throws, what it could not do the next one does. */
  async sweep(): Promise<void> {
    await this.#bringAgain().catch(() => undefined);
    await this.#takeOver().catch(() => undefined);
    await this.parts.files.purgeStrays(strayAfterSeconds).catch(() => undefined);
  }

  async #bringAgain(): Promise<void> {
    const { outbox, queues, rules, wake } = this.parts;
    const old = await outbox.enqueuedLongAgo(rules.graceSeconds);
    const gone = async (entry: OldEntry) =>
      entry.ageSeconds > rules.boundSeconds || !(await queues.holds(entry.opcoId, entry));
    const verdicts = await Promise.all(old.map((entry) => gone(entry).catch(() => false)));
    const lost = old.filter((_, index) => verdicts[index]);
    await outbox.putBack(lost);
    for (const opcoId of new Set(lost.map((entry) => entry.opcoId))) wake(opcoId);
  }

  /** Silence must outlast two sweeps: after a pause of PostgreSQL the living need a moment to be heard again. */
  async #takeOver(): Promise<void> {
    const { lost, wake, committed } = this.parts;
    const silent = await lost.silent();
    const confirmed = silent.filter((token) => this.#suspects.has(token));
    this.#suspects = new Set(silent);
    if (confirmed.length === 0) return;
    const due = await lost.takeOver(confirmed);
    committed();
    for (const opcoId of due) wake(opcoId);
  }
}
