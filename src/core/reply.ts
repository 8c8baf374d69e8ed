import { hash } from 'node:crypto';
import type { Reply } from './exchange.js';
import type { StoredReply } from './response-cache.js';

/** Strong validator of a body, or of its text in UTF-8: the first 16 bytes of its sha256, base64url, quoted. */
export function etagOf(body: Buffer | string): string {
  return `"${hash('sha256', body, 'buffer').subarray(0, 16).toString('base64url')}"`;
}

/** An answer as a reply, by default one that the cache has; the body is parsed at most once, and only if somebody asks. */
export function replyOf(stored: StoredReply, cacheStatus: Reply['cacheStatus'], kept = true): Reply {
  let parsed: { readonly value: unknown } | undefined;
  return {
    body: stored.body,
    etag: stored.etag,
    storedAt: stored.storedAt,
    ttlSeconds: stored.ttlSeconds,
    cacheStatus,
    kept,
    value: () => (parsed ??= { value: JSON.parse(stored.body.toString('utf8')) as unknown }).value,
  };
}
