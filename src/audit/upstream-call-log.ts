import { setTimeout as pause } from 'node:timers/promises';
import type { UpstreamCallEntry } from '../core/upstream-call.js';
import type { Database } from '../platform/database/database.js';
import type { AuditEntry, AuditTrail } from './audit-trail.js';

/** Rows of one statement at most. */
const batchSize = 500;
/** Rows that wait for PostgreSQL at most, some 10 MB; beyond that the oldest are dropped and counted. */
const bufferSize = 20_000;
/** How long an answer is held back by a PostgreSQL that does not take its row. */
const patienceMs = 250;

interface Waiting {
  readonly entry: AuditEntry;
  readonly written: () => void;
}

/**
 * One audit row per exchange that went upstream, written in small batches: many callers share one transaction.
 *
 *     record ──▶ waiting ──flush──▶ committed ──▶ its callers go on
 *                   ▲        └─ PostgreSQL away ─┐   (they go on after 250 ms all the same)
 *                   └──── kept for the next flush┘   (more than 20 000: the oldest are dropped and counted)
 */
export class UpstreamCallLog {
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #dropped = 0;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditTrail,
  ) {}

  /** Rows lost since the start, for the metrics. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Rows that are not committed yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Resolves when the row is committed, or after a short wait while PostgreSQL is away; never throws. */
  async record(entry: UpstreamCallEntry): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#waiting.push({ entry: asAuditEntry(entry), written: resolve });
    });
    if (this.#waiting.length > bufferSize) this.drop(this.#waiting.length - bufferSize);
    void this.flush();
    const patience = new AbortController();
    await Promise.race([written, pause(patienceMs, undefined, patience).catch(() => undefined)]);
    patience.abort();
  }

  /** The name under which the pipeline's last stage knows `record`. */
  recordUpstreamCall(entry: UpstreamCallEntry): Promise<void> {
    return this.record(entry);
  }

  /** Writes what waits; one flush at a time, the others join it. Never throws: what could not be written waits on. */
  flush(): Promise<void> {
    // Begun a turn later, so that the callers of this turn share the batch.
    this.#flushing ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.writeAll())
      .catch(() => undefined)
      .finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  private async writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize);
      try {
        await this.database.asSystem((sql) =>
          this.audit.writeAll(
            sql,
            batch.map(({ entry }) => entry),
          ),
        );
      } catch (error) {
        this.#waiting.unshift(...batch);
        throw error;
      }
      for (const { written } of batch) written();
    }
  }

  private drop(count: number): void {
    this.#dropped += count;
    for (const { written } of this.#waiting.splice(0, count)) written();
  }
}

function asAuditEntry(entry: UpstreamCallEntry): AuditEntry {
  const { tenant, keyId, opcoId, path, requestId, source, failure, traffic } = entry;
  const { endpoint, upstreamStatus, upstreamCalls, askedAt } = entry;
  return {
    tenant,
    actor: traffic === 'interactive' ? `key:${keyId}` : `system:${traffic}`,
    action: 'upstream.called',
    object: `endpoint:${opcoId}${path.startsWith('/') ? path : `/${path}`}`,
    result: failure ?? 'ok',
    requestId,
    ...(source !== undefined && { source }),
    details: {
      endpoint,
      calls: upstreamCalls,
      askedAt: new Date(askedAt).toISOString(),
      ...(upstreamStatus !== undefined && { status: upstreamStatus }),
    },
  };
}
