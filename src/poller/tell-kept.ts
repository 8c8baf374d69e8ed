import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { asDeposited, oursAmong } from './as-deposited.js';
import { changeEvent, discoveredEvent } from './change-event.js';
import { reconcile } from './coherence.js';
import type { KeptVersion } from './snapshot.repository.js';
import { newIncoherences } from './tell-incoherence.js';

/** How versions are told of. */
export interface TellingTerms {
  readonly tenant: TenantHash;
  /** Whether a dossier that nobody knew is news. */
  readonly tellDiscovered: boolean;
  /** Civil date in Paris. */
  readonly today: string;
}

/**
 * Writes what new versions tell, in their transaction: that a dossier has changed or appeared, and that its money does not add up;
 * gives how many events that took. As few statements for several as for one.
 */
export async function tellKept(
  sql: Sql,
  events: Pick<EventLog, 'appendAll'>,
  { tenant, tellDiscovered, today }: TellingTerms,
  versions: readonly KeptVersion[],
): Promise<number> {
  const strangers = versions.flatMap(({ sight, before }) => (before ? [] : [sight]));
  const ours = await oursAmong(sql, tenant, strangers);
  const checked = versions.map(({ sight: { name, dossier } }) => ({ name, ...reconcile({ dossier, today }) }));
  const incoherences = await newIncoherences(sql, tenant, checked);
  const told = versions.flatMap(({ sight, before }, at) => {
    const { name, dossier } = sight;
    const known = before ?? (ours.has(sight) ? asDeposited(sight) : undefined);
    const appeared = tellDiscovered && !ours.has(sight) ? discoveredEvent(name, dossier) : undefined;
    return [known ? changeEvent(name, known, dossier) : appeared, incoherences[at]];
  });
  const news = told.filter((event) => event !== undefined);
  await events.appendAll(sql, tenant, news);
  return news.length;
}
