import type { TrafficClass } from '../../core/exchange.js';
import type { BudgetWord, Wanted } from '../messages.js';
import type { KnownWait } from './known-wait.js';
import { Waiting } from './waiting.js';

/** What is taken in store lasts for so long at the rate that is believed in, and is a part of the burst at most. */
const storeSeconds = 0.1;
const storePart = 0.25;
const mostInStore = 64;
/** A budget that nobody has called for so long needs no store. */
const idleMs = 2000;

/** What an instance knows and has of one budget while a hub elsewhere grants. */
export class Desk {
  readonly waiting = new Waiting();
  #word: BudgetWord | undefined;
  #heardAt = 0;
  #pausedUntil = -Infinity;
  /** Permits in store. */
  #stored = 0;
  /** Of those that were in store: used or thrown away, and the hub does not know. */
  #unsaid = 0;
  #askedAt = -Infinity;
  /** Permits to give back. */
  back = 0;

  get word(): BudgetWord | undefined {
    return this.#word;
  }

  /** What the hub says of the budget. While it is paused, nothing that was granted before it counts. */
  hear(word: BudgetWord, now: number): void {
    this.#word = word;
    this.#heardAt = now;
    this.#pausedUntil = now + word.pausedMs;
    if (word.pausedMs > 0) this.throwAway();
  }

  /** The OPCO asks to be left alone. What the hub makes of it counts as soon as it is heard: it may be a matter of one tenant. */
  pause(ms: number, now: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + ms);
    this.throwAway();
  }

  /** Until when the OPCO is to be left alone, by this instance's time and as far as it knows. */
  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** Takes a permit out of the store: true when there was one, and nobody waits who comes first. */
  take(lane: TrafficClass, tenant: string | undefined, now: number): boolean {
    this.#askedAt = now;
    if (this.#stored === 0 || this.#before(lane, now) > 0) return false;
    if (tenant !== undefined && this.#ofOneMs(tenant, now) > 0) return false;
    this.#stored -= 1;
    this.#unsaid += 1;
    return true;
  }

  store(calls: number): void {
    this.#stored += calls;
  }

  get stored(): number {
    return this.#stored;
  }

  throwAway(): void {
    this.#unsaid += this.#stored;
    this.#stored = 0;
  }

  /** A new line to a hub: what was granted over the old one is over, on both sides. */
  restart(): void {
    [this.#stored, this.#unsaid, this.back] = [0, 0, 0];
  }

  /** What of the store was used since this was asked last. */
  said(): number {
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    return unsaid;
  }

  get unsaid(): boolean {
    return this.#unsaid > 0;
  }

  /** Puts what nobody has used for a while among what is given back. */
  idle(now: number): boolean {
    if (now - this.#askedAt < idleMs || (this.#stored === 0 && !this.#wanted)) return false;
    this.back += this.#stored;
    this.throwAway();
    return true;
  }

  #wanted = false;

  /** Whether the store has become so small that the hub should hear of it. */
  get low(): boolean {
    return !this.#wanted && this.#stored <= this.#target() / 2 && this.#target() > 0;
  }

  /** All that is wanted, what is taken in store included. */
  wants(now: number): Wanted[] {
    const wants = this.waiting.wants();
    const calls = now - this.#askedAt < idleMs ? this.#target() - this.#stored : 0;
    this.#wanted = calls > 0;
    return calls > 0 ? [...wants, { lane: 'ahead', tenant: '', weight: 1, calls }] : wants;
  }

  /** The store has been filled, as far as it was. To tell: how many go back, since somebody waits by now who must have them first. */
  filled(calls: number, now: number): number {
    this.store(calls);
    if (this.#before('bulk', now) > 0) {
      const back = this.#stored;
      this.throwAway();
      return back;
    }
    this.#wanted = this.#stored < this.#target();
    return 0;
  }

  /** Milliseconds until a permit may be had, as far as is known; those that wait here included. */
  waitMs(lane: TrafficClass, tenant: string | undefined, now: number): KnownWait {
    if (!this.#word) return { shared: 0, own: 0, least: 0 };
    const { waitMs, leastMs, pausedMs, rate } = this.#word;
    const before = this.#before(lane, now);
    const age = now - this.#heardAt;
    const slotMs = 1000 / Math.max(1e-3, rate);
    const next = Math.max(pausedMs, waitMs[lane]) - age;
    // What has fallen due since the hub told went to those that wait here.
    const shared = before > 0 && next <= 0 ? slotMs * (before + 1) - (-next % slotMs) : next + slotMs * before;
    const own = tenant === undefined ? 0 : this.#ofOneMs(tenant, now);
    return { shared: Math.max(0, shared), own, least: Math.max(own, (leastMs?.[lane] ?? pausedMs) - age) };
  }

  /** How many wait here of a class and of those before it; one that the OPCO refuses alone keeps nobody waiting. */
  #before(lane: TrafficClass, now: number): number {
    return this.waiting.empty ? 0 : this.waiting.upTo(lane, (tenant) => this.#ofOneMs(tenant, now) > 0);
  }

  #ofOneMs(tenant: string, now: number): number {
    const ofOne = this.#word?.ofOne;
    const ms = ofOne && Object.hasOwn(ofOne, tenant) ? (ofOne[tenant] ?? 0) : 0;
    return ms === 0 ? 0 : Math.max(0, ms - (now - this.#heardAt));
  }

  #target(): number {
    if (!this.#word) return 0;
    const { rate, burst } = this.#word;
    return Math.floor(Math.min(rate * storeSeconds, burst * storePart, mostInStore));
  }
}
