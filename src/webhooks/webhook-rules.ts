import type { Env } from '../platform/config/env.js';
import type { DeliveryRules } from './deliver-webhooks.js';
import type { HealthRules } from './health.js';

/** The numbers of delivery, out of the configuration. */
export function deliveryRules(env: Env): DeliveryRules {
  const perSecond = env.OPCOVIA_WEBHOOK_MAX_PER_SECOND;
  return {
    claim: {
      perWebhook: env.OPCOVIA_WEBHOOK_CONCURRENCY,
      perSecond: perSecond === 0 ? null : perSecond,
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
