import type { CacheDemand } from '../core/exchange.js';

/** What a client's `Cache-Control` demands (RFC 9111 section 5.2.1). Unknown directives and unreadable numbers are ignored, as the RFC wants. */
export function cacheDemandOf(cacheControl: string | undefined): CacheDemand {
  if (!cacheControl) return {};
  const directives = new Map(cacheControl.split(',').map(directive));
  const maxAgeSeconds = seconds(directives.get('max-age'));
  const maxStaleSeconds = directives.get('max-stale') === '' ? Infinity : seconds(directives.get('max-stale'));
  return {
    ...(directives.has('no-cache') && { noCache: true }),
    ...(directives.has('no-store') && { noStore: true }),
    ...(directives.has('only-if-cached') && { onlyIfCached: true }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    ...(maxStaleSeconds !== undefined && { maxStaleSeconds }),
  };
}

function directive(text: string): [string, string] {
  const [name = '', value = ''] = text.split('=', 2);
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
}

function seconds(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
