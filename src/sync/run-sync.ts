import type { Clock } from '../core/clock.js';
import { asOpcoviaError } from '../core/errors.js';
import { troubleOf, type Turn } from './ask-opco.js';
import type { CommitBatch } from './commit-batch.js';
import type { Discover } from './discover.js';
import type { EndSync } from './end-sync.js';
import type { FetchBatch, WholeTrouble } from './fetch-batch.js';
import { judgeFailure, type Trouble } from './judge-failure.js';
import type { Postponed } from './sync-claim.repository.js';
import type { SyncState, SyncTurnRepository } from './sync-turn.repository.js';

/** What a turn works with. */
export interface RunParts {
  readonly turns: Pick<SyncTurnRepository, 'begin' | 'open' | 'rest'>;
  readonly discover: Pick<Discover, 'scan' | 'probe'>;
  readonly fetch: Pick<FetchBatch, 'fetch'>;
  readonly commit: Pick<CommitBatch, 'commit'>;
  readonly end: Pick<EndSync, 'complete' | 'fail'>;
  readonly clock: Clock;
  readonly batch: number;
  /** Turns in a row that may fail for a reason that no outage explains. */
  readonly attempts: number;
  readonly backOffMs: (failures: number) => number;
}

/** An outage is looked at again at least this often. */
const longestOutageSeconds = 60;

/**
 * One turn of a synchronisation: from where it stands to its end, or to what makes it wait.
 *
 *     discovery ──list seen──▶ details ──nothing open──▶ completed
 *        │  ▲ incomplete: again    │ batch: read, commit with checkpoint, next (which is read while the one before commits)
 *        │  └── postponed          ├─ OPCO away, quota used up ──▶ postponed; a page is asked for before the details go on
 *        └─ key refused ──▶ failed └─ only failures left ──▶ postponed until the next of them is due
 */
export class RunSync {
  constructor(private readonly parts: RunParts) {}

  /** When to go on; undefined when it is over. Rejects when the claim is lost, or the turn was ended from outside. */
  async run(turn: Turn): Promise<Postponed | undefined> {
    const state = await this.parts.turns.begin(turn.claim);
    const proven = state.waiting === 'opco' && state.phase === 'details';
    if (proven) {
      const trouble = troubleOf(await this.parts.discover.probe(turn));
      if (trouble) return this.#stopped(turn, state, trouble);
    }
    if (state.phase === 'discovery') {
      const early = await this.#discover(turn, state);
      if (early !== 'found') return early;
    }
    return this.#details(turn, state, proven);
  }

  async #discover(turn: Turn, state: SyncState): Promise<'found' | Postponed | undefined> {
    const { discover, end, backOffMs } = this.parts;
    const ended = await discover.scan(turn, state.scans).catch((error: unknown) => {
      turn.signal.throwIfAborted();
      const failure = asOpcoviaError(error);
      // Ours to bear: the claim is lost, or PostgreSQL is away.
      if (failure.code === 'CONFLICT' || failure.code === 'SERVICE_UNAVAILABLE') throw error;
      return this.#stopped(turn, state, judgeFailure(failure));
    });
    if (ended === 'again') return { seconds: backOffMs(state.scans) / 1000, waiting: 'retry', fruitless: false };
    if (ended !== 'nothing') return ended;
    await end.fail(turn.claim, 'UPSTREAM_INVALID');
    return undefined;
  }

  async #details(turn: Turn, state: SyncState, proven: boolean): Promise<Postponed | undefined> {
    const { turns, fetch, commit, clock, batch } = this.parts;
    let [after, since, mayBlame] = ['', clock.elapsed(), proven];
    let committing: Promise<void> = Promise.resolve();
    let opening = turns.open(turn.claim, after, batch);
    try {
      for (;;) {
        const numeros = await opening;
        if (numeros.length === 0) {
          await committing;
          if (after === '') return await this.#finish(turn);
        }
        after = numeros.at(-1) ?? '';
        // Known before this batch is read to its end, so that the next one begins at once.
        opening = turns.open(turn.claim, after, batch);
        opening.catch(() => undefined);
        const { dossiers, trouble } = await fetch.fetch(turn, numeros, mayBlame);
        await committing;
        const now = clock.elapsed();
        committing = commit.commit(turn.claim, { dossiers, seconds: (now - since) / 1000 });
        committing.catch(() => undefined);
        [since, mayBlame] = [now, false];
        if (trouble) {
          await committing;
          return await this.#stopped(turn, state, trouble);
        }
      }
    } finally {
      // Whatever ends the turn: a batch that was read is worth its commit.
      await Promise.allSettled([committing, opening]);
    }
  }

  async #finish(turn: Turn): Promise<Postponed | undefined> {
    const { open, inSeconds } = await this.parts.turns.rest(turn.claim);
    if (open > 0) return { seconds: inSeconds, waiting: 'retry', fruitless: false };
    await this.parts.end.complete(turn.claim);
    return undefined;
  }

  async #stopped(turn: Turn, { failures }: SyncState, trouble: Trouble | WholeTrouble): Promise<Postponed | undefined> {
    const backOff = this.parts.backOffMs(failures) / 1000;
    if (trouble.kind === 'passing')
      return { seconds: Math.min(longestOutageSeconds, backOff), waiting: 'opco', fruitless: true };
    if (trouble.kind === 'wait') {
      const { reason, seconds } = trouble;
      if (reason === 'quota') return { seconds, waiting: reason, fruitless: false };
      return { seconds: Math.max(seconds, Math.min(longestOutageSeconds, backOff)), waiting: reason, fruitless: true };
    }
    const hopeless = trouble.kind === 'fatal' || !trouble.retryable || failures + 1 >= this.parts.attempts;
    if (!hopeless) return { seconds: backOff, waiting: 'retry', fruitless: true };
    await this.parts.end.fail(turn.claim, trouble.code);
    return undefined;
  }
}
