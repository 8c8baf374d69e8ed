import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { asDeposited, oursAmong } from './as-deposited.js';
import { changeEvent, discoveredEvent } from './change-event.js';
import { reconcile } from './coherence.js';
import type { KeptVersion, Sight, Snapshot } from './snapshot.repository.js';
import { newIncoherences } from './tell-incoherence.js';

/** How versions are told of. */
export interface TellingTerms {
  readonly tenant: TenantHash;
  /** Whether a dossier that nobody knew is news. */
  readonly tellDiscovered: boolean;
  /** Civil date in Paris. */
  readonly today: string;
}

/** A version that was just kept. */
export interface Telling extends TellingTerms {
  readonly sight: Sight;
  /** The version before. */
  readonly before: Snapshot | undefined;
}

/** What came of telling; `changed`: it was known, and is another now. */
export interface Told {
  readonly changed: boolean;
  readonly told: boolean;
}

/**
 * Writes what a new version tells, in its transaction: that the dossier has changed or appeared, and that its money does not add up.
 * Whoever keeps versions tells by it, since the next one to look finds nothing new.
 */
export async function tellKept(sql: Sql, events: Pick<EventLog, 'appendAll'>, telling: Telling): Promise<Told> {
  const [told = { changed: false, told: false }] = await tellAllKept(sql, events, telling, [telling]);
  return told;
}

/** The same for several dossiers, by as few statements as for one; what came of each, in their order. */
export async function tellAllKept(
  sql: Sql,
  events: Pick<EventLog, 'appendAll'>,
  { tenant, tellDiscovered, today }: TellingTerms,
  versions: readonly KeptVersion[],
): Promise<Told[]> {
  const strangers = versions.flatMap(({ sight, before }) => (before ? [] : [sight]));
  const ours = await oursAmong(sql, tenant, strangers);
  const checked = versions.map(({ sight: { name, dossier } }) => ({ name, ...reconcile({ dossier, today }) }));
  const incoherences = await newIncoherences(sql, tenant, checked);
  const told = versions.map(({ sight, before }, at) => {
    const { name, dossier } = sight;
    const known = before ?? (ours.has(sight) ? asDeposited(sight) : undefined);
    const appeared = tellDiscovered && !ours.has(sight) ? discoveredEvent(name, dossier) : undefined;
    const news = [known ? changeEvent(name, known, dossier) : appeared, incoherences[at]];
    return { changed: known !== undefined, news: news.filter((event) => event !== undefined) };
  });
  await events.appendAll(
    sql,
    tenant,
    told.flatMap(({ news }) => news),
  );
  return told.map(({ changed, news }) => ({ changed, told: news.length > 0 }));
}
