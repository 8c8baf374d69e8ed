import type { ErrorCode, OpcoviaError } from '../core/errors.js';

/** Why a synchronisation waits; it goes on by itself. */
export type WaitReason = 'opco' | 'quota' | 'configuration' | 'retry';

/** What a failed read means: for the whole synchronisation, or for its dossier alone. */
export type Trouble =
  /** Nothing can be read for now. */
  | { readonly kind: 'wait'; readonly reason: WaitReason; readonly seconds: number }
  /** Nothing will be read until a person has done something. */
  | { readonly kind: 'fatal'; readonly code: ErrorCode }
  /** May be the OPCO's trouble or this dossier's: what else was read tells. */
  | { readonly kind: 'passing'; readonly code: ErrorCode }
  | { readonly kind: 'dossier'; readonly code: ErrorCode; readonly retryable: boolean };

const fatal: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_AUTH', 'NOT_SUPPORTED', 'UNKNOWN_OPCO']);
const waits: Readonly<Partial<Record<ErrorCode, WaitReason>>> = {
  RATE_LIMITED: 'quota',
  OVERLOADED: 'opco',
  UPSTREAM_UNAVAILABLE: 'opco',
  SERVICE_UNAVAILABLE: 'retry',
};
const passing: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT']);
/** So many failures and not one success are no accident of single dossiers. */
const outageFrom = 3;

/** Judges one failed read by itself. */
export function judgeFailure({ code, details, entry }: OpcoviaError): Trouble {
  if (fatal.has(code)) return { kind: 'fatal', code };
  const reason = details.unavailable === 'unconfigured' ? 'configuration' : waits[code];
  if (reason) return { kind: 'wait', reason, seconds: details.retryAfterSeconds ?? 1 };
  if (passing.has(code)) return { kind: 'passing', code };
  // A dossier that the list shows and the detail does not know yet may be known a moment later.
  return { kind: 'dossier', code, retryable: entry.retryable || code === 'NOT_FOUND' };
}

/** What a batch came to, as far as its passing failures are judged by it. */
export interface BatchFacts {
  readonly succeeded: number;
  readonly passing: number;
  /** The whole has met a trouble of its own, such as an open breaker. */
  readonly troubled: boolean;
  /** The OPCO has answered a list a moment ago: it is not away. */
  readonly proven: boolean;
}

/** Whether the passing failures of a batch count against its dossiers; otherwise the OPCO was away and nobody is to blame. */
export function blamesDossiers({ succeeded, passing: failed, troubled, proven }: BatchFacts): boolean {
  return !troubled && (proven || succeeded > 0 || failed < outageFrom);
}
