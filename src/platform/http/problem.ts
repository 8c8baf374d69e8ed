import type { Finding, OpcoviaError, UpstreamFault } from '../../core/errors.js';

/** The body of every error answer (RFC 9457 section 3, with the members of product.md 2.5). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: readonly Finding[];
  readonly upstream?: UpstreamFault;
}

/** The wire form of a failure; `path` is the request's path without its query, since a query may hold a key. */
export function problemOf(error: OpcoviaError, path: string, requestId: string): Problem {
  const { title, status } = error.entry;
  const { detail, findings, upstream } = error.details;
  return {
    type: `urn:opcovia:erreur:${error.code}`,
    title,
    status,
    detail: detail ?? `${title}.`,
    instance: path,
    code: error.code,
    requestId,
    ...(findings && findings.length > 0 && { errors: findings }),
    ...(upstream && { upstream }),
  };
}

/** The header fields that go with a failure: 429 and 503 always say when to come back. */
export function problemHeaders(error: OpcoviaError): Record<string, string> {
  const { status } = error.entry;
  const wait = error.details.retryAfterSeconds ?? (status === 429 || status === 503 ? 5 : undefined);
  return {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    ...(wait !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(wait))) }),
  };
}
