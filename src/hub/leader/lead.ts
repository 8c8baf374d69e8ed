import type { Clock } from '../../core/clock.js';
import type { Timers } from '../timers.js';
import type { LeaderRepository, Term } from './leader.repository.js';

/** A hub while it leads. */
export interface Reign {
  /** Instances that may hold something of it. */
  members(): number;
  /** What it has learnt, by budget, as plain JSON. */
  learnt(): Readonly<Record<string, unknown>>;
  /** It leads no longer: it grants nothing from now on. */
  end(): void;
}

/** What leading is done with. */
export interface LeadParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly timers: Timers;
  readonly rows: Pick<LeaderRepository, 'claim' | 'renew' | 'resign' | 'keep' | 'revoked'>;
  /** How long a term lasts by PostgreSQL without renewal. */
  readonly termMs: number;
  readonly keepMs: number;
  /** Where others reach this hub. */
  url(): string;
  begin(term: Term): Reign;
  /** Instances that are not let in, whenever that was looked up. */
  barred(instances: readonly string[]): void;
  /** PostgreSQL could not be asked. */
  onError(error: unknown): void;
}

/** Rounds in a term: several may fail before it is over. */
const rounds = 6;
/** So much of a term is left to the row when this hub stops by itself: no clock runs so much faster than another. */
const margin = 0.1;

interface Led {
  readonly epoch: number;
  /** Absent for the moment in which it begins. */
  reign?: Reign;
  /** By our own clock, when leading stops unless it is renewed. */
  until: number;
  callOff: () => void;
}

/**
 * Leads while it can be sure to be the only one. A term counts from before the question was sent to PostgreSQL, which counts it from when
 * the question came: so it ends here before it ends there, and nobody takes over from one who still grants.
 *
 *     following ──the row is free: claimed──▶ leading ──renewed──▶ leading
 *         ▲                                     │ not renewed in time, the row is another's, stop()
 *         └─────────────────────────────────────┘
 */
export class Lead {
  #led: Led | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;
  #keptAt = -Infinity;
  #endRounds: () => void = () => undefined;

  constructor(private readonly parts: LeadParts) {}

  /** Tries at once, and again and again; resolves when the first try is over. */
  async start(): Promise<void> {
    this.#endRounds = this.parts.timers.every(this.parts.termMs / rounds, () => this.look());
    this.look();
    await this.#round;
  }

  /** Looks at the row now. */
  look(): void {
    if (this.#stopped) return;
    this.#round ??= this.#look()
      .catch((error: unknown) => this.parts.onError(error))
      .finally(() => (this.#round = undefined));
  }

  /** Whether this hub is surely the only one that leads, at this very moment. */
  leads(): boolean {
    const led = this.#led;
    if (!led) return false;
    // A process that stood still may run before its timers do.
    if (this.parts.clock.elapsed() >= led.until) this.#end(led);
    return this.#led !== undefined;
  }

  /** Ends the term and lets another hub begin at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endRounds();
    await this.#round;
    const led = this.#led;
    if (!led) return;
    const [members, learnt] = [led.reign?.members() ?? 0, led.reign?.learnt() ?? {}];
    this.#end(led);
    const { rows, onError } = this.parts;
    // Whoever comes next may do without what was learnt, but not without knowing that it may begin.
    await rows.keep(led.epoch, learnt).catch(onError);
    await rows.resign(led.epoch, members).catch(onError);
  }

  async #look(): Promise<void> {
    const { rows, clock, termMs } = this.parts;
    this.parts.barred(await rows.revoked());
    const asked = clock.elapsed();
    const until = asked + termMs * (1 - margin);
    if (!this.leads()) return this.#claim(until);
    const led = this.#led;
    if (!led?.reign) return;
    const renewed = await rows.renew(led.epoch, led.reign.members());
    if (this.#led !== led) return;
    if (!renewed) return this.#end(led);
    this.#hold(led, until);
    if (asked - this.#keptAt < this.parts.keepMs) return;
    this.#keptAt = asked;
    await rows.keep(led.epoch, led.reign.learnt());
  }

  async #claim(until: number): Promise<void> {
    const term = await this.parts.rows.claim(this.parts.url());
    if (!term) return;
    if (this.#stopped) return this.parts.rows.resign(term.epoch, term.members);
    const led: Led = { epoch: term.epoch, until, callOff: () => undefined };
    this.#led = led;
    this.#hold(led, until);
    if (this.leads()) led.reign = this.parts.begin(term);
  }

  #hold(led: Led, until: number): void {
    led.until = until;
    led.callOff();
    led.callOff = this.parts.timers.after(Math.max(0, until - this.parts.clock.elapsed()), () => void this.leads());
  }

  #end(led: Led): void {
    if (this.#led !== led) return;
    this.#led = undefined;
    led.callOff();
    led.reign?.end();
  }
}
