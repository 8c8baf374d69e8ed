import { fail } from '../core/errors.js';
import type { EventType } from '../core/events.js';
import type { TenantHash } from '../core/tenant.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';

/** An event as receivers and readers of the feed see it. */
export interface PublicEvent {
  readonly event: EventType;
  readonly opcoId: string;
  /** ISO 8601 in UTC, milliseconds: when the change was written. */
  readonly timestamp: string;
  readonly data: Record<string, unknown>;
  readonly id: string;
  readonly sequence: number;
}

/** Which part of the feed is wanted. */
export interface FeedQuestion {
  /** The `sequence` of the last event already known, as text; from the beginning when absent. */
  readonly after?: string;
  readonly types?: readonly EventType[];
  readonly opcoId?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** Some events in the order of their numbers; `nextCursor` is null once there are no more for now. */
export interface FeedPage {
  readonly data: readonly PublicEvent[];
  readonly nextCursor: string | null;
}

/** The columns of `events` that the wire shows. */
export interface EventRow {
  readonly id: string;
  readonly type: EventType;
  readonly opco_id: string;
  readonly at: Date;
  readonly data: Record<string, unknown>;
  readonly sequence: string;
}

/** The tenant's numbered events, for whoever pulls instead of being called. */
export class EventFeed extends TenantScopedRepository {
  /** Throws VALIDATION_ERROR when `after` is no number of an event. */
  async read(tenant: TenantHash, question: FeedQuestion): Promise<FeedPage> {
    const { after = '0', types, opcoId, limit } = question;
    if (!/^\d{1,15}$/.test(after)) throw badCursor();
    const rows = await this.within(tenant, (sql) =>
      sql.query<EventRow>(
        `SELECT id, type, opco_id, at, data, sequence FROM events
         WHERE tenant_hash = $1 AND sequence > $2
           AND ($3::text[] IS NULL OR type = ANY ($3)) AND ($4::text IS NULL OR opco_id = $4)
         ORDER BY sequence LIMIT $5`,
        [tenant, after, types ?? null, opcoId ?? null, limit + 1],
      ),
    );
    const data = rows.slice(0, limit).map(publicEvent);
    return { data, nextCursor: rows.length > limit ? String(data.at(-1)?.sequence) : null };
  }
}

/** A row of `events` in the words of the wire; the keys keep the order of the documentation. */
export function publicEvent(row: EventRow): PublicEvent {
  return {
    event: row.type,
    opcoId: row.opco_id,
    timestamp: row.at.toISOString(),
    data: row.data,
    id: row.id,
    sequence: Number(row.sequence),
  };
}

function badCursor(): Error {
  return fail('VALIDATION_ERROR', {
    detail: 'Le paramètre after est le numéro de séquence du dernier événement reçu.',
    findings: [{ pointer: '/query/after', code: 'cursor', message: 'Numéro de séquence attendu.' }],
  });
}
