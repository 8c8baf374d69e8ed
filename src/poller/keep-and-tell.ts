import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import type { Sight, SnapshotRepository } from './snapshot.repository.js';
import { tellKept, type TellingTerms } from './tell-kept.js';

/** What a dossier that was read is to what was known of it: `new` has no version before. */
export type Sighting = 'new' | 'changed' | 'unchanged';

/** What it works with. */
export interface KeepAndTellParts {
  readonly snapshots: Pick<SnapshotRepository, 'keepAllWithin'>;
  readonly events: Pick<EventLog, 'appendAll'>;
}

/**
 * Keeps what was read as versions and tells of them, in the caller's transaction: whoever of poller and synchronisation keeps a version
 * tells of it, since the next one to look finds nothing new. What became of each, in the order of their numbers (see
 * `keepAllWithin`), and how many events were written.
 */
export async function keepAndTell(
  sql: Sql,
  { snapshots, events }: KeepAndTellParts,
  terms: TellingTerms,
  sights: readonly Sight[],
): Promise<{ readonly sightings: Sighting[]; readonly told: number }> {
  let told = 0;
  const kept = await snapshots.keepAllWithin(sql, terms.tenant, sights, async (versions) => {
    told = await tellKept(sql, events, terms, versions);
  });
  const sightings = kept.map((each) => (each === 'unchanged' ? each : each.before ? 'changed' : 'new'));
  return { sightings, told };
}
