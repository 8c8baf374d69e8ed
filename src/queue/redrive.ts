import { OpcoviaError } from '../core/errors.js';
import type { Tenant } from '../core/tenant.js';
import type { DeadLetter, DeadLetterFilter, DeadLettersRepository } from './dead-letters.repository.js';
import type { JobActor, JobRepository } from './job.repository.js';

/** How far a redrive is. */
export interface RedriveProgress {
  /** Brought back: pending again. */
  readonly retried: number;
  /** Left alone: the same content was deposited anew, or the state has changed meanwhile. */
  readonly skipped: number;
}

/** What one redrive came to. */
export interface RedriveReport extends RedriveProgress {
  /** Failed deposits of the filter that could still be brought back. */
  readonly remaining: number;
}

const perBatch = 100;
/** Each takes a connection of the pool that others need as well. */
const atOnce = 4;

/**
 * Brings failed deposits back in bulk, each by the very rules of a single retry, in a transaction of its own with its own audit
 * row: broken off, it has done whole deposits only, and the next one goes on. What fails again meanwhile is not touched twice.
 */
export class Redrive {
  constructor(
    private readonly letters: Pick<DeadLettersRepository, 'retryable' | 'count' | 'now'>,
    private readonly jobs: Pick<JobRepository, 'retry'>,
  ) {}

  /** The tenant's own, at most so many. */
  async ofTenant(actor: JobActor, filter: DeadLetterFilter, limit: number): Promise<RedriveReport> {
    const letters = await this.letters.retryable(filter, limit, actor.tenant);
    const { retried, skipped } = await this.#retry(letters, () => actor);
    const { retryable, replaced } = await this.letters.count(filter, actor.tenant);
    return { retried, skipped: skipped + replaced, remaining: retryable };
  }

  /** Of every tenant that the filter lets through, batch by batch; `told` hears of each batch. */
  async ofStaff(
    filter: DeadLetterFilter,
    { limit, by, told }: { readonly limit: number; readonly by: string; readonly told: (so: RedriveProgress) => void },
  ): Promise<RedriveReport> {
    const begun = await this.letters.now();
    const until = filter.until && filter.until < begun ? filter.until : begun;
    const bounded = { ...filter, until };
    let done: RedriveProgress = { retried: 0, skipped: 0 };
    for (let left = limit; left > 0;) {
      const letters = await this.letters.retryable(bounded, Math.min(perBatch, left));
      if (letters.length === 0) break;
      const batch = await this.#retry(letters, (letter) => ({ tenant: tenantOf(letter, by), by }));
      // Nothing moves: somebody else holds them all, or a rule refuses them that the list does not know.
      if (batch.retried === 0) break;
      done = { retried: done.retried + batch.retried, skipped: done.skipped + batch.skipped };
      left -= letters.length;
      told(done);
    }
    const { retryable, replaced } = await this.letters.count(bounded);
    return { retried: done.retried, skipped: done.skipped + replaced, remaining: retryable };
  }

  async #retry(letters: readonly DeadLetter[], actorOf: (letter: DeadLetter) => JobActor): Promise<RedriveProgress> {
    const waiting = [...letters];
    let retried = 0;
    let skipped = 0;
    const lane = async () => {
      for (let letter = waiting.shift(); letter; letter = waiting.shift()) {
        if (await this.#one(letter, actorOf(letter))) retried++;
        else skipped++;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return { retried, skipped };
  }

  async #one({ opcoId, jobId }: DeadLetter, actor: JobActor): Promise<boolean> {
    try {
      await this.jobs.retry(actor, opcoId, jobId);
      return true;
    } catch (error) {
      const refused = error instanceof OpcoviaError && (error.code === 'CONFLICT' || error.code === 'NOT_FOUND');
      if (!refused) throw error;
      return false;
    }
  }
}

function tenantOf({ tenant, environment }: DeadLetter, by: string): Tenant {
  return { hash: tenant, environment, nom: '', keyId: by };
}
