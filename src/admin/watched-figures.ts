import type { UpstreamCallLog } from '../audit/upstream-call-log.js';
import { watchHub, type HubSources } from '../hub/hub-figures.js';
import type { Database } from '../platform/database/database.js';
import type { Metrics } from '../platform/metrics/metrics.js';
import { watchWebhooks } from '../webhooks/webhook-figures.js';

/** What a scrape reads figures from. */
export interface FigureSources {
  readonly metrics: Metrics;
  readonly database: Database;
  readonly calls: UpstreamCallLog;
  readonly hub: HubSources;
}

/** Figures that are counted when somebody asks, not when they change. A PostgreSQL that is away leaves its own out. */
export function watchFigures({ metrics, database, calls, hub }: FigureSources): void {
  metrics.watch('opcovia_database_connections', 'Connections of each pool by what they do.', () =>
    database.usage().flatMap(({ role, total, idle, waiting }) => [
      { labels: { kind: role, name: 'busy' }, value: total - idle },
      { labels: { kind: role, name: 'idle' }, value: idle },
      { labels: { kind: role, name: 'waited_for' }, value: waiting },
    ]),
  );
  metrics.watch('opcovia_audit_rows', 'Audit rows of reads that wait for PostgreSQL, and those given up.', () => [
    { labels: { kind: 'upstream', name: 'waiting' }, value: calls.pending },
    { labels: { kind: 'upstream', name: 'dropped' }, value: calls.dropped },
  ]);
  metrics.watch('opcovia_jobs', 'Deposits that are not over, by state.', async () => {
    const rows = await database.asSystem((sql) =>
      sql.query<{ status: string; n: number }>(
        `SELECT status, count(*)::int AS n FROM jobs WHERE status IN ('pending', 'processing', 'needs_review') GROUP BY status`,
      ),
    );
    return rows.map(({ status, n }) => ({ labels: { kind: 'deposit', name: status }, value: n }));
  });
  watchWebhooks(metrics, database);
  watchHub(metrics, hub);
  metrics.watch(
    'opcovia_syncs',
    'Bulk synchronisations by state; those that are over as long as they are kept.',
    async () => {
      const rows = await database.asSystem((sql) =>
        sql.query<{ status: string; n: number }>(`SELECT status, count(*)::int AS n FROM sync_jobs GROUP BY status`),
      );
      return rows.map(({ status, n }) => ({ labels: { kind: 'sync', name: status }, value: n }));
    },
  );
  metrics.watch(
    'opcovia_sync_oldest_running_seconds',
    'Age of the bulk synchronisation that has been running longest, 0 when none is.',
    async () => {
      const rows = await database.asSystem((sql) =>
        sql.query<{ age: number }>(
          `SELECT coalesce(extract(epoch FROM now() - min(started_at)), 0)::float8 AS age FROM sync_jobs WHERE status = 'running'`,
        ),
      );
      return rows.map(({ age }) => ({ labels: { kind: 'sync', name: 'oldest' }, value: age }));
    },
  );
}
