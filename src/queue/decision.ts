import type { TimelineCode } from './job-texts.js';

/** Outcomes of an attempt that only a look at the OPCO can tell apart. */
export type DoubtClass = 'ambiguous' | 'maybe-duplicate' | 'applied-unreadable';

/** What is known so far of a deposit that may have had its effect; stands in `jobs.doubt`. */
export interface Doubt {
  readonly class: DoubtClass;
  /** Complete look-ups that did not find it, each a quiet period after the one before. */
  readonly negatives: number;
  /** Look-ups that could not be done, or not to the end. */
  readonly failures: number;
  /** Look-ups in which something showed too little to tell. */
  readonly unsure: number;
  /** Numbers that were compared and are another object: not read again. */
  readonly others: readonly string[];
}

/** The beginning of every doubt. */
export function freshDoubt(doubtClass: DoubtClass): Doubt {
  return { class: doubtClass, negatives: 0, failures: 0, unsure: 0, others: [] };
}

/** Why a job is pending; null in the table while it has merely not been sent yet. */
export type PendingReason =
  'credentials' | 'quota' | 'opco' | 'configuration' | 'retry' | 'verification' | 'same_object';

/** Waits that go on with each try: entering one is told once, in the timeline and in the audit trail. */
export const lastingReasons: readonly PendingReason[] = ['credentials', 'quota', 'opco', 'configuration'];

/** What becomes of the job. `why` is the code of its timeline entry. */
export type Decision =
  | { readonly kind: 'completed'; readonly outcome: 'applied'; readonly why: TimelineCode }
  | { readonly kind: 'failed'; readonly outcome: 'not_applied'; readonly why: TimelineCode }
  | { readonly kind: 'needs_review'; readonly outcome: 'applied' | 'unknown'; readonly why: TimelineCode }
  /** A step of a composite deposit is done, the next one is due. */
  | { readonly kind: 'advance'; readonly why: TimelineCode }
  /** It may have had its effect: to be looked up before anything else. */
  | { readonly kind: 'check'; readonly delayMs: number; readonly doubt: Doubt; readonly why: TimelineCode }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly countsAttempt: boolean;
      readonly reason: PendingReason;
      readonly why: TimelineCode;
    };
