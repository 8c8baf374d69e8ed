import type { Clock } from '../../core/clock.js';
import type { Drift } from '../../core/contract/drift.js';
import type { EndpointName } from '../../core/endpoint.js';
import type { Environment } from '../../core/tenant.js';
import type { DriftNotes } from './validate-response.stage.js';

/** One way in which an OPCO's answers drifted, as this process saw it since its start. */
export interface ObservedDrift extends Drift {
  readonly endpoint: EndpointName;
  readonly answers: number;
  /** ISO 8601, UTC. */
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

/** What is told of a shape seen for the first time, and of every drifted answer. */
export interface DriftEars {
  firstSeen(opcoId: string, endpoint: EndpointName, drift: Drift): void;
  counted(opcoId: string, endpoint: EndpointName, kind: Drift['kind']): void;
}

interface Seen {
  answers: number;
  readonly firstSeen: number;
  lastSeen: number;
  readonly endpoint: EndpointName;
  readonly drift: Drift;
}

/** An OPCO whose every answer differs must not fill the memory. */
const mostShapes = 50;

/** Remembers how each OPCO's answers drift: each shape is told once, each answer counted. */
export class DriftWatch implements DriftNotes {
  readonly #lanes = new Map<string, Map<string, Seen>>();

  constructor(
    private readonly clock: Clock,
    private readonly ears: DriftEars,
  ) {}

  note(opcoId: string, environment: Environment, { endpoint, drifts }: Parameters<DriftNotes['note']>[2]): void {
    const seen = this.#lane(opcoId, environment);
    const now = this.clock.now();
    for (const kind of new Set(drifts.map((drift) => drift.kind))) this.ears.counted(opcoId, endpoint, kind);
    for (const drift of drifts) {
      const name = `${endpoint} ${drift.kind} ${drift.path}`;
      const before = seen.get(name);
      if (before) {
        before.answers++;
        before.lastSeen = now;
      } else if (seen.size < mostShapes) {
        seen.set(name, { answers: 1, firstSeen: now, lastSeen: now, endpoint, drift });
        this.ears.firstSeen(opcoId, endpoint, drift);
      }
    }
  }

  /** The latest first. */
  observed(opcoId: string, environment: Environment): ObservedDrift[] {
    return [...this.#lane(opcoId, environment).values()]
      .sort((a, b) => b.lastSeen - a.lastSeen)
      .map(({ drift, endpoint, answers, firstSeen, lastSeen }) => ({
        ...{ endpoint, ...drift, answers },
        firstSeenAt: new Date(firstSeen).toISOString(),
        lastSeenAt: new Date(lastSeen).toISOString(),
      }));
  }

  #lane(opcoId: string, environment: Environment): Map<string, Seen> {
    const name = `${environment} ${opcoId}`;
    let lane = this.#lanes.get(name);
    if (!lane) this.#lanes.set(name, (lane = new Map()));
    return lane;
  }
}
