import type { Sighting } from '../poller/keep-and-tell.js';
import { smoothedRate } from './pace.js';
import type { StoredProgress } from './sync-rows.js';

/** What became of a dossier; null when it is read again. */
export type Outcome = Sighting | 'failed' | null;

/** How many dossiers of a batch came to what. */
export function countsOf(outcomes: readonly Outcome[]): Record<Sighting | 'failed', number> {
  const counts = { new: 0, changed: 0, unchanged: 0, failed: 0 };
  for (const outcome of outcomes) if (outcome !== null) counts[outcome]++;
  return counts;
}

/** How far a synchronisation has come with a batch that took so many seconds. */
export function progressAfter(before: StoredProgress, outcomes: readonly Outcome[], seconds: number): StoredProgress {
  const counts = countsOf(outcomes);
  const done = outcomes.filter((outcome) => outcome !== null).length;
  return {
    seen: before.seen,
    done: before.done + done,
    new: before.new + counts.new,
    changed: before.changed + counts.changed,
    unchanged: before.unchanged + counts.unchanged,
    failed: before.failed + counts.failed,
    ...(done > 0
      ? { batches: before.batches + 1, rate: smoothedRate(before.rate, { done, seconds }) }
      : { batches: before.batches, rate: before.rate }),
  };
}
