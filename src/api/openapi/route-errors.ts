import type { ErrorCode } from '../../core/errors.js';

/** What any request may end with, before its route is looked at or because we fail. */
export const everywhere: readonly ErrorCode[] = ['MALFORMED_REQUEST', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'];

/** What any request that needs a key may end with. */
export const keyedErrors: readonly ErrorCode[] = ['HTTP_ERROR', 'RATE_LIMITED', 'NOT_ACCEPTABLE'];

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
];

/** What the reading of a body may end with, before anybody looks at what it says. */
export const bodyErrors: readonly ErrorCode[] = [
  'VALIDATION_ERROR',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'EXPECTATION_FAILED',
];
