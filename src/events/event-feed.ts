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
  /** Events between `after` and `upTo`, of whatever type, that retention has taken away; 0 for whoever keeps up. */
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
        `WITH page AS (
           SELECT id, type, opco_id, at, data, sequence, row_number() OVER (ORDER BY sequence) AS rank FROM (
             SELECT id, type, opco_id, at, data, sequence FROM events
             WHERE tenant_hash = $1 AND sequence > $2
               AND ($3::text[] IS NULL OR type = ANY ($3)) AND ($4::text IS NULL OR opco_id = $4)
             ORDER BY sequence LIMIT $5 + 1) first
         ), reach AS (
           SELECT cut IS NOT NULL AS more, coalesce(cut, greatest($2::bigint, (SELECT max(last) FROM event_sequences WHERE tenant_hash = $1))) AS up_to
           FROM (SELECT CASE WHEN count(*) > $5 THEN max(sequence) FILTER (WHERE rank = $5) END AS cut FROM page) cut
         )
         SELECT r.more, r.up_to, p.*, r.up_to - $2::bigint - (
           SELECT count(*) FROM events k WHERE k.tenant_hash = $1 AND k.sequence > $2 AND k.sequence <= r.up_to) AS missed
         FROM reach r LEFT JOIN page p ON p.rank <= $5 ORDER BY p.sequence`,
        [tenant, after, types ?? null, opcoId ?? null, limit],
      ),
    );
    const [{ more = false, up_to: upTo = after, missed = '0' } = {}] = found;
    const data = found.filter((row) => row.sequence !== null).map(publicEvent);
    return { data, nextCursor: more ? upTo : null, upTo: Number(upTo), missed: Number(missed) };
  }
}

/** A line of the answer; without an event when there is none to show. */
type Found = { readonly more: boolean; readonly up_to: string; readonly missed: string } & (
  EventRow | { readonly sequence: null }
);

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
