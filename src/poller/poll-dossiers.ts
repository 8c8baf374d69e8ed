import { LRUCache } from 'lru-cache';
import { EndAbsent } from './end-absent.js';
import { KeepRead } from './keep-read.js';
import type { Poll, PollPorts, PollReport } from './poll.js';
import { PollFactures } from './poll-factures.js';
import { PollRun, type RunParts } from './poll-run.js';

export type { Poll, PollPorts, PollReport, Reads } from './poll.js';

/**
 * Reads the states of all dossiers, then the detail of those whose row is new or says something else than before, then of those
 * whose time has come. Snapshot and event are one transaction per dossier, so that a poll that stops half-way leaves nothing
 * half-done. A dossier that is seen for the first time gives a snapshot and no event, unless its CFA wants to hear of it or we
 * deposited it: it left us as TRANSMIS, and what became of it since is a change.
 */
export class PollDossiers {
  readonly #parts: Omit<RunParts, 'doubtful'>;
  /** By tenant and OPCO; a process that starts learns it anew by one poll that fails. */
  readonly #doubtful = new LRUCache<string, Set<string>>({ max: 10_000 });

  constructor(private readonly ports: PollPorts) {
    this.#parts = {
      absences: new EndAbsent(ports),
      details: new KeepRead(ports),
      factures: new PollFactures(ports),
    };
  }

  /** Throws the failure that ended the scan. */
  async run(poll: Poll): Promise<PollReport> {
    const name = `${poll.tenant.hash} ${poll.opcoId}`;
    const doubtful = this.#doubtful.get(name) ?? new Set();
    this.#doubtful.set(name, doubtful);
    return new PollRun(poll, this.ports, { ...this.#parts, doubtful }).go();
  }
}
