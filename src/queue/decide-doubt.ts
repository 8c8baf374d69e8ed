import type { OpcoviaError } from '../core/errors.js';
import { longestRetryAfterSeconds } from '../core/retry-after.js';
import type { Decision, Doubt } from './decision.js';
import type { TimelineCode } from './job-texts.js';

/** What a look-up has come to. */
export type Finding =
  /** One object has the natural key; `fresh` when it surely did not exist before the intent. */
  | { readonly kind: 'found'; readonly fresh: boolean; readonly answer: unknown; readonly number: string }
  /** All was seen, and everything that could be it is another object. */
  | { readonly kind: 'none'; readonly others: readonly string[] }
  /** Something shows too little, or several objects have the natural key. */
  | { readonly kind: 'unsure'; readonly others: readonly string[] }
  /** There is more to compare than one look-up may read. */
  | { readonly kind: 'unfinished'; readonly others: readonly string[] }
  /** The OPCO does not offer the list. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'failed'; readonly failure: OpcoviaError };

/** How look-ups are paced and when they are given up. */
export interface DoubtRules {
  /** The longest time after which a lost answer's effect is visible at this OPCO. */
  readonly quietMs: number;
  /** Since the doubt began; beyond, a person has to look. */
  readonly doubtedMs: number;
  readonly patienceMs: number;
}

/** Negatives, spaced by the quiet period, that prove together that nothing was taken in. */
const enoughNegatives = 2;
const mostUnsure = 3;
const longestPauseMs = 15 * 60_000;

/**
 * What a look-up means for the deposit. It is sent again only after enough complete look-ups that did not find it; whatever
 * stays unclear goes to a person.
 *
 *     in doubt ──found, and new since the intent──▶ completed
 *        │  ▲ └──none, twice──▶ ambiguous: may be sent again · duplicate: failed, the OPCO meant another object
 *        │  └──none once · failed · unsure: a quiet period later──┐
 *        └──no such list · time is up · unsure too often──▶ needs_review
 */
export function decideDoubt(doubt: Doubt, finding: Finding, rules: DoubtRules): Decision {
  switch (finding.kind) {
    case 'found':
      return whenFound(doubt, finding.fresh);
    case 'none':
      return whenAbsent({ ...doubt, negatives: doubt.negatives + 1, others: finding.others }, rules);
    case 'unsure':
      return whenUnsure({ ...doubt, unsure: doubt.unsure + 1, others: finding.others }, rules);
    case 'unfinished':
      return { kind: 'check', delayMs: 0, doubt: { ...doubt, others: finding.others }, why: 'check-goes-on' };
    case 'unsupported':
      return review(doubt, 'check-unsupported');
    case 'failed':
      return whenFailed({ ...doubt, failures: doubt.failures + 1 }, finding.failure, rules);
  }
}

/** An object that was there before the intent is what a 409 speaks of; after a lost answer it proves nothing. */
function whenFound(doubt: Doubt, fresh: boolean): Decision {
  if (fresh) return { kind: 'completed', outcome: 'applied', why: 'check-found' };
  if (doubt.class === 'maybe-duplicate') return { kind: 'completed', outcome: 'applied', why: 'check-existing' };
  return review(doubt, 'check-unsure');
}

function whenAbsent(doubt: Doubt, rules: DoubtRules): Decision {
  // The OPCO said that it took the deposit: an absence only means that it is not shown yet.
  if (doubt.class === 'applied-unreadable') return again(doubt, rules, rules.quietMs * doubt.negatives);
  if (doubt.negatives < enoughNegatives) return again(doubt, rules, rules.quietMs);
  if (doubt.class === 'maybe-duplicate') return { kind: 'failed', outcome: 'not_applied', why: 'check-other' };
  return { kind: 'retry', delayMs: 0, countsAttempt: true, reason: 'retry', why: 'check-none' };
}

function whenUnsure(doubt: Doubt, rules: DoubtRules): Decision {
  return doubt.unsure >= mostUnsure ? review(doubt, 'check-unsure') : again(doubt, rules, rules.quietMs);
}

function whenFailed(doubt: Doubt, { details }: OpcoviaError, rules: DoubtRules): Decision {
  const askedMs = Math.min(longestRetryAfterSeconds, details.retryAfterSeconds ?? 0) * 1000;
  return again(doubt, rules, Math.max(askedMs, rules.quietMs * 2 ** Math.min(10, doubt.failures - 1)));
}

function again(doubt: Doubt, { doubtedMs, patienceMs, quietMs }: DoubtRules, pauseMs: number): Decision {
  if (doubtedMs >= patienceMs) return review(doubt, 'check-expired');
  const delayMs = Math.max(quietMs, Math.min(longestPauseMs, pauseMs));
  return { kind: 'check', delayMs, doubt, why: 'checking' };
}

function review(doubt: Doubt, why: TimelineCode): Decision {
  return { kind: 'needs_review', outcome: doubt.class === 'applied-unreadable' ? 'applied' : 'unknown', why };
}
