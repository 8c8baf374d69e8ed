import type { Env } from '../platform/config/env.js';
import type { DeliveryRules } from './deliver-webhooks.js';
import type { HealthRules } from './health.js';
import type { WebhookBounds } from './webhook-view.js';

/** What one webhook may have at most, out of the configuration. */
export function boundsOf(env: Env): WebhookBounds {
  const perSecond = env.OPCOVIA_WEBHOOK_MAX_PER_SECOND;
  return { concurrency: env.OPCOVIA_WEBHOOK_CONCURRENCY, maxPerSecond: perSecond === 0 ? null : perSecond };
}

/** The numbers of delivery, out of the configuration. */
export function deliveryRules(env: Env): DeliveryRules {
  const { concurrency: perWebhook, maxPerSecond: perSecond } = boundsOf(env);
  return {
    claim: {
      perWebhook,
      perSecond,
      breakerFailures: env.OPCOVIA_WEBHOOK_BREAKER_FAILURES,
      orderedAttempts: env.OPCOVIA_WEBHOOK_ORDERED_ATTEMPTS,
      claimSeconds: env.OPCOVIA_WEBHOOK_TIMEOUT_SECONDS + 5,
    },
    scheduleMs: env.OPCOVIA_WEBHOOK_SCHEDULE_MS.split(',').map(Number),
    inAll: env.OPCOVIA_WEBHOOK_SOCKETS,
  };
}

/** When a webhook is spared or given up, out of the configuration. */
export function healthRules(env: Env): HealthRules {
  return {
    breakerFailures: env.OPCOVIA_WEBHOOK_BREAKER_FAILURES,
    probeMs: env.OPCOVIA_WEBHOOK_PROBE_MS,
    probeMaxMs: env.OPCOVIA_WEBHOOK_PROBE_MAX_MS,
    spreadMs: env.OPCOVIA_WEBHOOK_DISABLE_SPREAD_HOURS * 3_600_000,
    disableAfterMs: env.OPCOVIA_WEBHOOK_DISABLE_DAYS * 86_400_000,
  };
}
