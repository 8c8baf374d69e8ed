import type { Dossier } from '../core/contract/dossier.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import type { Call, Exchange } from '../core/exchange.js';
import type { Tenant, TenantHash } from '../core/tenant.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Database, Sql } from '../platform/database/database.js';
import type { Clock } from './pace.js';
import type { FactureRepository } from './facture.repository.js';
import type { SnapshotRepository } from './snapshot.repository.js';
import type { Observed } from './observed.js';
import type { WatchRepository } from './watch.repository.js';

/** The ten stages, as the poller needs them: the settled exchange, never a throw. */
export interface Reads {
  run(call: Call): Promise<Exchange>;
}

/** Forgets cached answers about these entities. */
export interface Forgets {
  forget(opcoId: string, tenant: TenantHash, entities: readonly string[]): Promise<void>;
}

/** What polling works with. */
export interface PollPorts {
  readonly database: Database;
  readonly reads: Reads;
  readonly cache: Forgets;
  readonly snapshots: SnapshotRepository;
  readonly watch: WatchRepository;
  readonly events: EventLog;
  readonly signal: CommitSignal;
  /** Seconds by a clock that nobody sets. */
  readonly elapsedSeconds: () => number;
  /** Resolves after so many milliseconds, or rejects when the signal ends the poll. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly factures: FactureRepository;
  /** Whether the OPCO lists the states of invoices, and the operator has them served. */
  readonly listsFactures: (opcoId: string) => boolean;
  /** How the OPCO pages its states; undefined for one that is not served. */
  readonly pagingOf: (opcoId: string) => OpcoAdapter['paging'] | undefined;
}

/** One poll of one tenant at one OPCO. */
export interface Poll {
  readonly tenant: Tenant;
  readonly opcoId: string;
  /** Ends the poll early; what was read until then stands. */
  readonly signal: AbortSignal;
  /** Asked before each batch of work: false when the target has passed to another process. */
  readonly stillOurs: () => Promise<boolean>;
  /** The same in the transaction of what is written, which then cannot be somebody else's by its commit. */
  readonly holdsClaim: (sql: Sql) => Promise<boolean>;
  /** Whether the tenant wants to hear of dossiers that nobody had seen before. */
  readonly tellDiscovered: boolean;
  /** `YYYY-MM-DD` in Paris. */
  readonly today: string;
  /** Whether the list of invoices is to be read, and whether it was ever seen whole: what is new then has come since. */
  readonly factures: { readonly due: boolean; readonly allKnown: boolean };
  /** Told of each reading of the list of invoices, however it ended, and how much else there is to read. */
  readonly noteFactures: (reading: FacturesReading, load: PollLoad) => Promise<void>;
  /** Details that may be read because their time has come, once the list has said how much there is. */
  readonly mostDue: (load: PollLoad) => number;
  /** When a dossier's turn comes again, given the calls that the list took and the weight of all that is watched. */
  readonly clockOf: (sight: ClockSight) => Clock;
}

/** What a reading of the list of invoices came to. */
export interface FacturesReading {
  /** Calls that it took. */
  readonly calls: number;
  /** Read to its end, as far as the OPCO says where that is. */
  readonly complete: boolean;
  /** The same, and every invoice that the OPCO has stood in it. */
  readonly verified: boolean;
}

/** How much there is to read. */
export interface PollLoad {
  /** Calls that the list takes. */
  readonly listCalls: number;
  readonly dossiers: number;
  /** The sum of the weights of all that is watched. */
  readonly weights: number;
}

/** What the clock of a dossier is set by. */
export interface ClockSight extends PollLoad {
  readonly dossier: Dossier;
  readonly observed: Observed;
  readonly changed: boolean;
}

/** What a complete scan saw. */
export interface PollReport extends PollLoad {
  readonly etats: ReadonlySet<string>;
  readonly read: number;
  readonly changed: number;
  /** Dossiers whose detail the OPCO could not show properly; the next poll tries again. */
  readonly unreadable: number;
  /** The list was verified, and each dossier in it could be read or was known. */
  readonly allKnown: boolean;
  /** Histories that ended, because the OPCO has these dossiers no longer. */
  readonly ended: number;
}
