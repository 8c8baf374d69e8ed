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
  /** The number up to which this page leaves nothing out that was asked for and is kept. */
  readonly upTo: number;
  /** Events after `after`, of whatever type, that retention has taken away; 0 for whoever keeps up. */
  readonly missed: number;
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
    // One statement, so one moment: what retention takes away meanwhile is either shown or counted.
    const found = await this.within(tenant, (sql) =>
      sql.query<Found>(
        `SELECT kept.oldest, kept.last, e.* FROM (
           SELECT coalesce((SELECT last FROM event_sequences WHERE tenant_hash = $1), 0) AS last,
                  (SELECT min(sequence) FROM events WHERE tenant_hash = $1) AS oldest
         ) kept LEFT JOIN LATERAL (
           SELECT id, type, opco_id, at, data, sequence FROM events
           WHERE tenant_hash = $1 AND sequence > $2
             AND ($3::text[] IS NULL OR type = ANY ($3)) AND ($4::text IS NULL OR opco_id = $4)
           ORDER BY sequence LIMIT $5
         ) e ON true ORDER BY e.sequence`,
        [tenant, after, types ?? null, opcoId ?? null, limit + 1],
      ),
    );
    return pageOf(found, Number(after), limit);
  }
}

/** A line of the answer; without an event when there is none to show. */
type Found = { readonly oldest: string | null; readonly last: string } & (EventRow | { readonly sequence: null });

function pageOf(found: readonly Found[], after: number, limit: number): FeedPage {
  const rows = found.filter((row) => row.sequence !== null);
  const data = rows.slice(0, limit).map(publicEvent);
  const last = Number(found[0]?.last);
  const oldest = Number(found[0]?.oldest ?? last + 1);
  const end = data.at(-1)?.sequence;
  const more = rows.length > limit && end !== undefined;
  return {
    data,
    nextCursor: more ? String(end) : null,
    upTo: more ? end : Math.max(last, after),
    missed: Math.max(0, oldest - 1 - after),
  };
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
