import type { InboundDecision, InboundQuota, LimitKind } from '../../hub/inbound/inbound.js';
import { windowSeconds } from '../../hub/inbound/level.js';

const kinds: readonly LimitKind[] = ['tenant', 'key'];

/** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): what is allowed, the same for every answer. */
export function policyField(quota: InboundQuota): string {
  return kinds.map((kind) => `"${kind}";q=${quota[kind]};w=${windowSeconds}`).join(', ');
}

/**
 * `RateLimit`: what is left, and in how many seconds there is more (`t`; 0 when nothing is missing). In a refusal no `t` is later
 * than `retryAfterSeconds`, since that is when the next request is let in.
 */
export function rateLimitField(
  quota: InboundQuota,
  { remaining }: InboundDecision,
  retryAfterSeconds?: number,
): string {
  const { tenant, key } = remaining;
  return `"tenant";r=${tenant};t=${more(quota.tenant, tenant, retryAfterSeconds)}, "key";r=${key};t=${more(quota.key, key, retryAfterSeconds)}`;
}

function more(perMinute: number, remaining: number, retryAfterSeconds?: number): number {
  if (remaining >= perMinute) return 0;
  if (remaining === 0 && retryAfterSeconds !== undefined) return retryAfterSeconds;
  return Math.min(retryAfterSeconds ?? Infinity, Math.ceil(windowSeconds / perMinute));
}
