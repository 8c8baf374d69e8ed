import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { asOpcoviaError } from '../core/errors.js';
import { Rounds } from '../platform/rounds.js';
import type { RunSync } from './run-sync.js';
import type { ClaimedSync, Postponed, SyncClaimRepository } from './sync-claim.repository.js';

/** What it works with. */
export interface WorkerParts {
  readonly claims: Pick<SyncClaimRepository, 'claim' | 'renew' | 'release'>;
  readonly sync: Pick<RunSync, 'run'>;
  /** Synchronisations under way at a time. */
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly tickMs: number;
  /** Milliseconds before the next try after so many turns that failed. */
  readonly backOffMs: (failures: number) => number;
  /** Told of a turn that failed for a reason of ours. */
  readonly failed: (error: unknown) => void;
}

/** A pause or a cancel is noticed within this time. */
const longestRenewalMs = 1000;

/**
 * Carries out what is due, in a process that has the role `worker`. Claims in PostgreSQL share the work between processes: one that
 * vanishes loses its claims after their lease, one that stops gives them back at once.
 */
export class SyncWorker {
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: WorkerParts) {
    this.#rounds = new Rounds({ work: () => this.round(), onError: (error) => parts.failed(error) });
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), this.parts.tickMs);
    this.wake();
  }

  /** Something may be due. */
  wake(): void {
    this.#rounds.wake();
  }

  /** Reads have no effect and are cut short; a batch that was read is still committed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#rounds.stop();
    await this.drain();
  }

  /** Claims what is due and begins it without waiting for its end; true when there may be more. */
  async round(): Promise<boolean> {
    const { claims, concurrency, leaseSeconds } = this.parts;
    const free = concurrency - this.#underWay.size;
    if (free <= 0) return false;
    const claimed = await claims.claim(free, leaseSeconds);
    for (const claim of claimed) this.#begin(claim);
    return claimed.length === free;
  }

  /** Waits for every turn under way. */
  async drain(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #begin(claim: ClaimedSync): void {
    const turn = this.#turn(claim).catch((error: unknown) => this.parts.failed(error));
    const ended = turn.finally(() => {
      this.#underWay.delete(ended);
      if (this.#timer) this.wake();
    });
    this.#underWay.add(ended);
  }

  async #turn(claim: ClaimedSync): Promise<void> {
    const { claims, sync, backOffMs } = this.parts;
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, lost.signal]);
    // Every read of the turn listens to it, and every turn to the first.
    setMaxListeners(0, signal, this.#stopping.signal);
    const renewal = this.#renewing(claim, lost);
    const run = sync.run({ claim, requestId: randomUUID(), signal });
    // A renewal after the release would hold a claim that nobody has.
    const postponed = await run
      .finally(() => clearInterval(renewal))
      .catch((error: unknown): Postponed => {
        const expected = signal.aborted || asOpcoviaError(error).code === 'CONFLICT';
        if (!expected) this.parts.failed(error);
        return { seconds: expected ? 0 : backOffMs(0) / 1000, waiting: null, fruitless: !expected };
      });
    if (postponed) await claims.release(claim, postponed);
  }

  /** A renewal that fails says nothing yet: whoever writes without a claim writes nothing. */
  #renewing(claim: ClaimedSync, lost: AbortController): NodeJS.Timeout {
    const { claims, leaseSeconds } = this.parts;
    return setInterval(
      () => {
        claims.renew(claim, leaseSeconds).then(
          (ours) => (ours ? undefined : lost.abort()),
          () => undefined,
        );
      },
      Math.min(longestRenewalMs, (leaseSeconds * 1000) / 3),
    );
  }
}
