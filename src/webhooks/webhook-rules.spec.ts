import { Env } from '../platform/config/env.js';
import { boundsOf, deliveryRules, healthRules } from './webhook-rules.js';

describe('webhooks, where nobody has configured anything', () => {
  const env = new Env();

  it('are tried at once, thrice in twenty seconds, and on through three days (product.md 8)', () => {
    const { scheduleMs, claim } = deliveryRules(env);
    const seconds = scheduleMs.map((ms) => ms / 1000);
    expect(seconds).toEqual([0, 1, 5, 15, 60, 300, 1800, 7200, 21_600, 43_200, 86_400, 86_400]);
    expect(claim.orderedAttempts).toBe(4);
    // Ten seconds for an attempt, and a little for what comes after it.
    expect(claim.claimSeconds).toBe(15);
  });

  it('are given up after five days of failures that lie more than twelve hours apart', () => {
    expect(healthRules(env)).toMatchObject({ disableAfterMs: 5 * 86_400_000, spreadMs: 12 * 3_600_000 });
  });

  it('have no bound on their pace, and as many attempts at a time as the claim allows', () => {
    expect(boundsOf(env)).toEqual({ concurrency: deliveryRules(env).claim.perWebhook, maxPerSecond: null });
  });
});
