import type { Clock } from '../../core/clock.js';
import type { Learnt } from '../bucket/learnt.js';
import { leaseTimes, LeaseBook, type LeaseTimes, type Predecessor } from '../leases/lease-book.js';
import type { Beside, Seat, SeatLine, Seats } from '../link.js';
import type { Timers } from '../timers.js';
import { Budgets } from './budgets.js';
import { Guest, type House } from './guest.js';
import type { BudgetSizes } from './sizes.js';

/** What a hub is made of. */
export interface HubParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly timers: Timers;
  readonly sizes: BudgetSizes;
  /** Higher than that of every hub before it. */
  readonly epoch: number;
  readonly times?: LeaseTimes;
  /** What is known of the hub before it; nothing when there was none whose leases may be live. */
  readonly predecessor?: Predecessor;
  /** What had been learnt, by budget. */
  readonly learnt?: Readonly<Record<string, Learnt>>;
  /** Whether it may grant at this very moment; always when absent. */
  leads?(): boolean;
  /** Somebody has heard of a later hub: this one is not the hub any more. */
  outdated?(epoch: number): void;
}

/**
 * The one who grants: every permit to call an OPCO comes from here, or from a lease that was given here. Knows nothing of how
 * instances are connected.
 *
 *     attach ──hello──▶ joined ──renew, wants, reports──▶ joined ──leave──▶ gone, its lease with it
 *                         └──── line lost ──▶ its lease, then its safe share are kept for it; `hello` again: joined
 */
export class Hub implements Seats {
  readonly budgets: Budgets;
  readonly #guests = new Map<string, Guest>();
  /** Instances that are gone and may still use what they have in store: what calls off the end of it. */
  readonly #left = new Map<string, () => void>();
  readonly #house: House;
  readonly #times: LeaseTimes;
  #words = 0;
  #closed = false;

  constructor(private readonly parts: HubParts) {
    const { clock, times = leaseTimes } = parts;
    const book = new LeaseBook(times, clock.elapsed(), parts.predecessor);
    this.#times = times;
    this.budgets = new Budgets({
      ...parts,
      // What the hub before has granted was granted just now.
      drained: (parts.predecessor?.members ?? 0) > 0,
      share: (now) => (parts.leads?.() === false ? 0 : book.grantable(now)),
      grant: (instance, budget, granted) => this.#guests.get(instance)?.grant(budget, granted),
    });
    if (parts.learnt) this.budgets.resume(parts.learnt);
    this.#house = {
      ...{ epoch: parts.epoch, times, book, budgets: this.budgets },
      now: () => clock.elapsed(),
      nextWord: () => (this.#words += 1),
      refused: (budget) => this.#guests.forEach((guest) => guest.tell([budget], true)),
      emptyStore: (instance) => this.#emptyStore(instance),
      gone: (guest, stored) => this.#gone(guest, stored),
      outdated: (epoch) => parts.outdated?.(epoch),
    };
  }

  get epoch(): number {
    return this.parts.epoch;
  }

  attach(instance: string, line: SeatLine): Seat {
    this.#guests.get(instance)?.end('REPLACED', false);
    const guest = new Guest(instance, line, this.#house);
    this.#guests.set(instance, guest);
    return guest;
  }

  /** For the instance in this process: what it is, others hear of by messages. */
  get beside(): Beside {
    const { budgets } = this;
    return {
      take: (budget, lane, tenant) => budgets.take(budget, lane, tenant),
      giveBack: (budget, calls) => budgets.giveBack(budget, calls),
      want: (budget, instance, wants) => budgets.want(budget, instance, wants),
      word: (budget) => budgets.word(budget),
      learn: (budget, became) => {
        budgets.learn(budget, became);
        if (became.throttled > 0) this.#house.refused(budget);
      },
    };
  }

  /** Takes everything back from an instance; what it still uses without hearing of it ends with its lease. */
  revoke(instance: string, reason: string): void {
    this.#guests.get(instance)?.end(reason, true);
  }

  /** Instances that may hold something: what a successor must know. */
  get members(): number {
    return this.#house.book.members;
  }

  /** Instances that are connected. */
  get connected(): readonly string[] {
    return [...this.#guests.keys()];
  }

  /** What has been learnt, for whoever keeps it. */
  learnt(): Record<string, Learnt> {
    return this.budgets.learnt();
  }

  /** Grants nothing any more and cuts every line: somebody else is the hub, or nobody. */
  close(reason: string): void {
    this.#closed = true;
    for (const guest of [...this.#guests.values()]) guest.end(reason, false);
    for (const callOff of this.#left.values()) callOff();
    this.budgets.close();
  }

  /** What it had in store may be used until it surely goes by its lease. */
  #gone(guest: Guest, stored: boolean): void {
    if (this.#guests.get(guest.name) !== guest) return;
    this.#guests.delete(guest.name);
    this.budgets.leave(guest.name);
    if (!stored || guest.beside || this.#closed) return;
    this.#left.get(guest.name)?.();
    this.#left.set(
      guest.name,
      this.parts.timers.after(this.#times.leaseMs, () => this.#emptyStore(guest.name)),
    );
  }

  #emptyStore(instance: string): void {
    this.#left.get(instance)?.();
    this.#left.delete(instance);
    this.budgets.emptyStores(instance);
  }
}
