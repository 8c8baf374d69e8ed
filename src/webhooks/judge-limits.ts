import type { WebhookDraft } from '../core/contract/webhook.js';
import type { Finding } from '../core/errors.js';
import type { WebhookBounds } from './webhook-view.js';

/** Limits that a webhook asks for beyond what the operator gives. */
export function judgeLimits(
  { concurrency, maxPerSecond }: Pick<Partial<WebhookDraft>, 'concurrency' | 'maxPerSecond'>,
  bounds: WebhookBounds,
): readonly Finding[] {
  const asked = [
    ['/concurrency', concurrency, bounds.concurrency],
    ['/maxPerSecond', maxPerSecond, bounds.maxPerSecond],
  ] as const;
  return asked.flatMap(([pointer, value, bound]) =>
    value === undefined || value === null || bound === null || value <= bound
      ? []
      : [{ pointer, code: 'maximum', message: `Au plus ${bound} dans cette installation.` }],
  );
}
