import type { TenantHash } from '../core/tenant.js';
import type { CommitSignal } from '../events/commit-signal.js';
import type { EventLog } from '../events/event-log.js';
import type { Sql } from '../platform/database/database.js';
import { deletedEvent, massDeletionEvent } from './change-event.js';
import { isMassDeletion } from './judge-scan.js';
import type { DossierName, SnapshotRepository } from './snapshot.repository.js';
import type { WatchRepository } from './watch.repository.js';

/** What it works with. */
export interface AbsencePorts {
  readonly watch: WatchRepository;
  readonly snapshots: SnapshotRepository;
  readonly events: EventLog;
  readonly signal: CommitSignal;
}

/** A verified scan, and how to make sure. */
export interface VerifiedScan {
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly seen: ReadonlySet<string>;
  /** Whether the OPCO itself says that it has no such dossier; anything but its clear word is false. */
  readonly isGone: (name: DossierName) => Promise<boolean>;
  /** Throws unless the poll is still ours, in the transaction of what is written. */
  readonly fence: (sql: Sql) => Promise<void>;
}

/**
 * Ends the history of what the OPCO has no longer. Three things must agree: a verified scan without the dossier, the next verified
 * scan without it, and the OPCO's answer to the question for it by number. A mass of absences ends nothing.
 *
 *     listed ──verified scan without it──▶ absent once ──the next one too──▶ brake? ──no──▶ asked by number ──unknown──▶ ended
 *        ▲                                     │                              │ yes: incident, nothing ends     │ known
 *        └────────── any scan that lists it ───┘                              └─────────────────────────────────┘
 */
export class EndAbsent {
  constructor(private readonly ports: AbsencePorts) {}

  /** How many histories it has ended. */
  async run(scan: VerifiedScan): Promise<number> {
    const { watch } = this.ports;
    const { tenant, opcoId } = scan;
    const { absent, known, endedLately, lifted } = await watch.countAbsences(tenant, opcoId, scan.seen, scan.fence);
    const held = !lifted && isMassDeletion({ candidates: absent.length, known, endedLately });
    const raised = await watch.brake(tenant, opcoId, held ? absent.length : null, async (sql, fresh) => {
      if (fresh)
        await this.ports.events.append(sql, tenant, massDeletionEvent(opcoId, { missing: absent.length, known }));
      await scan.fence(sql);
    });
    if (raised) this.ports.signal.announce();
    if (held) return 0;
    let ended = 0;
    for (const numeroInterne of absent) if (await this.#end(scan, { opcoId, numeroInterne })) ended++;
    return ended;
  }

  async #end({ tenant, isGone, fence }: VerifiedScan, name: DossierName): Promise<boolean> {
    const { watch, snapshots, events, signal } = this.ports;
    if (!(await isGone(name))) {
      await watch.forgetAbsence(tenant, name, fence);
      return false;
    }
    const ended = await snapshots.end(tenant, name, async (sql, before) => {
      await fence(sql);
      await events.append(sql, tenant, deletedEvent(name, before));
    });
    if (ended) signal.announce();
    return ended;
  }
}
