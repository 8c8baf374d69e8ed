import type { Database } from '../platform/database/database.js';
import type { Figure, Metrics } from '../platform/metrics/metrics.js';
import { busyWebhooks } from './claim-deliveries.js';

/** One number of each kind; the oldest row of each webhook is found through the index of turns, however many wait behind it. */
const statement = `
  WITH RECURSIVE ${busyWebhooks}, oldest AS (
    SELECT first.created_at FROM busy b JOIN webhooks w ON w.id = b.webhook_id AND w.status = 'active'
    CROSS JOIN LATERAL (
      SELECT d.created_at FROM webhook_deliveries d
      WHERE d.webhook_id = b.webhook_id AND d.status = 'pending' ORDER BY d.sequence LIMIT 1
    ) first
  )
  SELECT 'oldest_owed_seconds' AS name, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS value FROM oldest
  UNION ALL SELECT 'dead_letters', count(*)::float8 FROM webhook_deliveries WHERE status = 'failed'
  UNION ALL SELECT status, count(*)::float8 FROM webhooks GROUP BY status
  UNION ALL SELECT 'failing', count(*)::float8 FROM webhooks WHERE consecutive_failures > 0 AND status = 'active'`;

/** Figures of the deliveries that are read when somebody asks for the metrics. */
export function watchWebhooks(metrics: Metrics, database: Database): void {
  metrics.watch(
    'opcovia_webhooks',
    'Webhooks by state, those among the active ones that are failing, deliveries that failed for good, and the age in seconds of ' +
      'the oldest event owed to an active webhook.',
    async (): Promise<Figure[]> => {
      const rows = await database.asSystem((sql) => sql.query<{ name: string; value: number }>(statement));
      return rows.map(({ name, value }) => ({ labels: { kind: 'webhook', name }, value }));
    },
  );
}
