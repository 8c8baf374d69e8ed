import type { OpcoviaError } from '../core/errors.js';
import { longestRetryAfterSeconds } from '../core/retry-after.js';
import { freshDoubt, type Decision, type DoubtClass } from './decision.js';

/** What an attempt ended with, as the worker saw it. */
export interface AttemptReport {
  /** Absent when the OPCO took the deposit and its answer could be read. */
  readonly failure?: OpcoviaError;
  /** Times that a first byte was about to go out, in this attempt. */
  readonly sends: number;
}

/** The outcome classes: what may be done next depends on nothing else. */
export type AttemptClass =
  'applied' | 'applied-unreadable' | 'not-sent' | 'not-applied' | 'rejected' | 'maybe-duplicate' | 'ambiguous';

/** How the job stands when its attempt has ended. */
export interface Standing {
  /** Attempts that counted, this one included. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  /** Milliseconds since the job first waited for credentials; 0 when it does not. */
  readonly credentialsWaitedMs: number;
  readonly credentialsPatienceMs: number;
  /** Milliseconds since the job first waited for an OPCO that was down; 0 when it does not. */
  readonly opcoWaitedMs: number;
  /** Until a lost effect would surely show at this OPCO; absent where the norm offers no way to find it again. */
  readonly quietMs?: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const longestBackoffMs = 5 * 60_000;
/** A long weekend: an outage is waited out, a host that is gone for good is not waited for for ever. */
const opcoPatienceMs = 72 * 3_600_000;

/** Reads an attempt: what is certain about the effect of the deposit. In doubt it is `ambiguous`. */
export function classify({ failure, sends }: AttemptReport): AttemptClass {
  if (!failure) return 'applied';
  const { code, details } = failure;
  if (sends === 0 || details.sent === 'not-sent') return 'not-sent';
  if (details.sent !== 'answered') return 'ambiguous';
  const status = details.upstream?.status ?? 0;
  if (code === 'RATE_LIMITED' || code === 'UPSTREAM_AUTH') return 'not-applied';
  if (code === 'UPSTREAM_REJECTED') return status === 409 ? 'maybe-duplicate' : 'rejected';
  if (code === 'UPSTREAM_INVALID' && status >= 200 && status < 300) return 'applied-unreadable';
  return 'ambiguous';
}

/**
 * The decision table. Only what certainly had no effect is ever sent again; whatever may have had one is looked up at the OPCO
 * where the norm allows it, else it goes to a person: never to a second POST on a guess.
 */
export function decide(report: AttemptReport, standing: Standing): Decision {
  const outcome = classify(report);
  switch (outcome) {
    case 'applied':
      return { kind: 'completed', outcome: 'applied', why: 'completed' };
    case 'applied-unreadable':
    case 'maybe-duplicate':
    case 'ambiguous':
      return inDoubt(outcome, standing.quietMs);
    case 'rejected':
      return { kind: 'failed', outcome: 'not_applied', why: 'rejected' };
    case 'not-sent':
    case 'not-applied':
      return withoutEffect(report.failure, standing);
  }
}

/** What a doubt begins with: a look-up after the quiet period, or a person where none is possible. */
export function inDoubt(outcome: DoubtClass, quietMs: number | undefined): Decision {
  if (quietMs !== undefined) return { kind: 'check', delayMs: quietMs, doubt: freshDoubt(outcome), why: outcome };
  return { kind: 'needs_review', outcome: outcome === 'applied-unreadable' ? 'applied' : 'unknown', why: outcome };
}

/** The deposit certainly had no effect: wait for what it lacks, try again, or give up. */
function withoutEffect(failure: OpcoviaError | undefined, standing: Standing): Decision {
  const { backoffMs, random } = standing;
  const askedMs = Math.min(longestRetryAfterSeconds, failure?.details.retryAfterSeconds ?? 0) * 1000;
  switch (failure?.code) {
    case 'RATE_LIMITED':
      return {
        kind: 'retry',
        delayMs: askedMs + random() * backoffMs,
        countsAttempt: false,
        reason: 'quota',
        why: 'quota',
      };
    case 'UPSTREAM_ERROR':
    case 'UPSTREAM_TIMEOUT':
      return down(standing, askedMs);
    case 'UPSTREAM_UNAVAILABLE':
    case 'SERVICE_UNAVAILABLE':
    case 'OVERLOADED':
      return {
        kind: 'retry',
        delayMs: (askedMs || backoffMs) + random() * backoffMs,
        countsAttempt: false,
        ...(failure.details.unavailable === 'unconfigured'
          ? { reason: 'configuration', why: 'unconfigured' }
          : { reason: 'opco', why: 'unreachable' }),
      };
    case 'UPSTREAM_AUTH':
      return credentials(standing);
    default:
      if (failure && !failure.entry.retryable) return { kind: 'failed', outcome: 'not_applied', why: 'invalid' };
      return again(standing, askedMs);
  }
}

/** Nothing is learnt by asking often: one try every thirty to sixty first back-offs (one to two minutes). */
function credentials({ credentialsWaitedMs, credentialsPatienceMs, backoffMs, random }: Standing): Decision {
  if (credentialsWaitedMs >= credentialsPatienceMs) {
    return { kind: 'failed', outcome: 'not_applied', why: 'credentials-expired' };
  }
  const delayMs = Math.min(longestBackoffMs, backoffMs * 30) * (1 + random());
  return { kind: 'retry', delayMs, countsAttempt: false, reason: 'credentials', why: 'credentials' };
}

/**
 * The OPCO refuses connections, or never takes them: no fault of the deposit, so no attempt is burnt. It waits about as long
 * again as it has waited, up to five minutes.
 */
function down({ opcoWaitedMs, backoffMs, random }: Standing, askedMs: number): Decision {
  if (opcoWaitedMs >= opcoPatienceMs) return { kind: 'failed', outcome: 'not_applied', why: 'unreachable-expired' };
  const ceilingMs = Math.min(longestBackoffMs, backoffMs + opcoWaitedMs);
  const delayMs = askedMs + (ceilingMs * (1 + random())) / 2;
  return { kind: 'retry', delayMs, countsAttempt: false, reason: 'opco', why: 'unreachable' };
}

/** Exponential back-off with full jitter; what the OPCO asked for is waited for on top. */
function again({ attempts, maxAttempts, backoffMs, random }: Standing, askedMs: number): Decision {
  if (attempts >= maxAttempts) return { kind: 'failed', outcome: 'not_applied', why: 'exhausted' };
  const ceilingMs = Math.min(longestBackoffMs, backoffMs * 2 ** Math.max(0, attempts - 1));
  return {
    kind: 'retry',
    delayMs: askedMs + random() * ceilingMs,
    countsAttempt: true,
    reason: 'retry',
    why: 'not-sent',
  };
}
