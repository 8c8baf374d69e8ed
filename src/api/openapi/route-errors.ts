import type { ErrorCode } from '../../core/errors.js';

/** What any read that goes through the ten stages may answer besides its answer. */
export const readErrors: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'NOT_FOUND',
  'UNKNOWN_OPCO',
  'NOT_SUPPORTED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_AUTH',
  'UPSTREAM_INVALID',
  'UPSTREAM_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
];

/** What any deposit may answer besides its ticket. */
export const depositErrors: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'IDEMPOTENCY_KEY_INVALID',
  'UNKNOWN_OPCO',
  'IDEMPOTENCY_MISMATCH',
  'BUSINESS_RULE',
  'NOT_SUPPORTED',
  'OVERLOADED',
  'SERVICE_UNAVAILABLE',
];

/** What the reading of a body may end with, before anybody looks at what it says. */
export const bodyErrors: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'EXPECTATION_FAILED',
];
