import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { asDeposited, isOurs } from './as-deposited.js';
import { changeEvent, discoveredEvent } from './change-event.js';
import { reconcile } from './coherence.js';
import type { Sight, Snapshot } from './snapshot.repository.js';
import { newIncoherence } from './tell-incoherence.js';

/** A version that was just kept. */
export interface Telling {
  readonly tenant: TenantHash;
  readonly sight: Sight;
  /** The version before. */
  readonly before: Snapshot | undefined;
  /** Whether a dossier that nobody knew is news. */
  readonly tellDiscovered: boolean;
  /** Civil date in Paris. */
  readonly today: string;
}

/**
 * Writes what a new version tells, in its transaction: that the dossier has changed or appeared, and that its money does not add up.
 * Whoever keeps versions tells by it, since the next one to look finds nothing new. `changed`: it was known, and is another now.
 */
export async function tellKept(
  sql: Sql,
  events: Pick<EventLog, 'append'>,
  { tenant, sight, before, tellDiscovered, today }: Telling,
): Promise<{ readonly changed: boolean; readonly told: boolean }> {
  const { name, dossier } = sight;
  const known = before ?? (await asDeposited(sql, tenant, sight));
  const discovered = tellDiscovered && !known && !(await isOurs(sql, tenant, name));
  const appeared = discovered ? discoveredEvent(name, dossier) : undefined;
  const news = [
    known ? changeEvent(name, known, dossier) : appeared,
    await newIncoherence(sql, tenant, name, reconcile({ dossier, today })),
  ].filter((event) => event !== undefined);
  for (const event of news) await events.append(sql, tenant, event);
  return { changed: known !== undefined, told: news.length > 0 };
}
