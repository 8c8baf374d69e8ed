import type { WebhookView } from '../core/contract/webhook.js';
import { fail } from '../core/errors.js';

/** What a webhook may have at most, whatever it asks for. */
export interface WebhookBounds {
  readonly concurrency: number;
  /** Null sets no bound. */
  readonly maxPerSecond: number | null;
}

/** A row of `webhooks` as its owner may see it. */
export interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly events: WebhookView['events'];
  readonly opco_id: WebhookView['opcoId'];
  readonly concurrency: number | null;
  readonly max_per_second: number | null;
  readonly status: WebhookView['status'];
  readonly disabled_reason: string | null;
  readonly consecutive_failures: number;
  readonly failing_since: Date | null;
  readonly next_probe_at: Date | null;
  readonly verified_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The columns of a `WebhookRow`. */
export const webhookColumns =
  'id, url, events, opco_id, concurrency, max_per_second, status, disabled_reason, consecutive_failures, failing_since, ' +
  'next_probe_at, verified_at, created_at, updated_at';

/** Throws NOT_FOUND where there is no row: a foreign webhook is as unknown as one that does not exist. */
export function webhookView(row: WebhookRow | undefined, bounds: WebhookBounds): WebhookView {
  if (!row) throw fail('NOT_FOUND');
  const rates = [row.max_per_second, bounds.maxPerSecond].filter((each) => each !== null);
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    opcoId: row.opco_id,
    concurrency: Math.min(row.concurrency ?? bounds.concurrency, bounds.concurrency),
    maxPerSecond: rates.length > 0 ? Math.min(...rates) : null,
    status: row.status,
    disabledReason: row.disabled_reason,
    health: {
      consecutiveFailures: row.consecutive_failures,
      failingSince: row.failing_since?.toISOString() ?? null,
      nextProbeAt: row.next_probe_at?.toISOString() ?? null,
    },
    verifiedAt: row.verified_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
