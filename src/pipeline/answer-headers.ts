import type { Exchange, Reply } from '../core/exchange.js';

/** The response headers that tell how an exchange went, for a reply and for a failure alike; names in lower case. */
export function answerHeaders(exchange: Exchange): Record<string, string> {
  const timing = exchange.timings.map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`).join(', ');
  const shared = { ...(timing && { 'server-timing': timing }) };
  if (exchange.failure) return { ...shared, 'cache-control': 'private, no-store' };
  const reply = exchange.peek('reply');
  // A route that stops early (a deposit to be queued) has no answer of the pipeline's own.
  if (!reply) return shared;
  const ageSeconds = Math.max(0, Math.floor((exchange.clock.now() - reply.storedAt) / 1000));
  const kept = reply.cacheStatus === 'hit' || reply.cacheStatus === 'stale';
  return {
    ...shared,
    'cache-control': 'private, no-cache',
    'cache-status': cacheStatus(exchange, reply, ageSeconds),
    etag: reply.etag,
    ...(kept && { age: String(ageSeconds) }),
    ...(reply.cacheStatus === 'stale' && { 'opcovia-stale': 'true' }),
  };
}

/** RFC 9211: one member, ours; `fwd` says why the OPCO was asked, `detail` why an old answer stands in. */
function cacheStatus(exchange: Exchange, reply: Reply, ageSeconds: number): string {
  const { noCache, noStore } = exchange.call.cache;
  const ttl = `ttl=${reply.ttlSeconds - ageSeconds}`;
  switch (reply.cacheStatus) {
    case 'hit':
      return `Opcovia; hit; ${ttl}`;
    case 'stale':
      // Without a failure the caller's `max-stale` allowed it, and nothing was forwarded: a hit past its time.
      return exchange.rescuedFrom
        ? `Opcovia; fwd=stale; ${ttl}; detail=${exchange.rescuedFrom.code}`
        : `Opcovia; hit; ${ttl}`;
    case 'miss':
      if (exchange.upstreamCalls === 0) return 'Opcovia; fwd=miss; collapsed';
      return reply.kept ? `Opcovia; fwd=miss; stored; ${ttl}` : 'Opcovia; fwd=miss';
    case 'bypass':
      return `Opcovia; fwd=${noCache || noStore ? 'request' : 'bypass'}`;
  }
}

/** Whether the client already holds this answer: `If-None-Match` by weak comparison (RFC 9110 section 13.1.2). */
export function notModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
