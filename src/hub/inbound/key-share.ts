import type { TenantHash } from '../../core/tenant.js';
import type { InboundDecision, LimitKind } from './inbound.js';
import { Level, requestUnits } from './level.js';
import type { PermitGrant, PermitOrder } from './shared-buckets.js';

/** Milliseconds that a permit may be held here: well before Redis stops counting it as out. */
export const holdMs = 5000;
/** A share this small is not filled up ahead of need: near the end of a limit every request asks. */
const worthFilling = 8;

/** What this process knows of one limit, of a CFA or of a key. */
export class LimitView {
  readonly level: Level;
  /** Permits held here, over all keys that draw on this limit. */
  held = 0;
  /** Requests let in alone, of which Redis does not know. */
  owed = 0;
  /** Monotonic milliseconds until which nothing more is to be had. */
  emptyUntil = -Infinity;

  constructor(perMinute: number) {
    this.level = new Level(perMinute);
  }

  get remaining(): number {
    return this.level.room + this.held;
  }

  /** Takes out what Redis is to be told now: of what was let in alone, the part that has not drained away meanwhile. */
  settle(now: number): number {
    if (this.owed > 0) this.level.drain(now);
    const told = Math.min(this.owed, this.level.taken);
    this.owed = 0;
    return told;
  }
}

/**
 * The permits that this process holds for one key, and what it knows of the two limits behind them. Pure: asked and told, never asking.
 *
 *     order ──▶ (Redis) ──accept──▶ held ──spend──▶ let in
 *       ▲                            │ low: ordered ahead of need
 *       └──── given back (5 s) ◀─────┘         no answer: spendAlone, told to Redis later
 */
export class KeyShare {
  readonly key: LimitView;
  /** Requests that wait for the answer to an order. */
  waiting = 0;
  #until = -Infinity;
  #size = 0;

  constructor(
    readonly hash: TenantHash,
    readonly keyId: string,
    readonly tenant: LimitView,
    perMinute: number,
  ) {
    this.key = new LimitView(perMinute);
  }

  /** Whether to order more before a request has to wait for it. */
  low(now: number): boolean {
    return this.#size >= worthFilling && this.key.held <= this.#size / 4 && now < this.#until;
  }

  /** Whether it holds permits that it may no longer spend. */
  stale(now: number): boolean {
    return this.key.held > 0 && now >= this.#until;
  }

  /** Lets a request in on a held permit, or refuses it on what is known; undefined when Redis must be asked. */
  spend(now: number): InboundDecision | undefined {
    if (this.key.held > 0 && now < this.#until) {
      this.#hold(-1);
      return this.#admitted();
    }
    return now < this.key.emptyUntil || now < this.tenant.emptyUntil ? this.#refused(now) : undefined;
  }

  /** Decides on the last that was heard of both limits and what was spent since. */
  spendAlone(now: number): InboundDecision {
    const views = [this.tenant, this.key];
    for (const { level } of views) level.drain(now);
    for (const view of views) view.emptyUntil = now + view.level.waitSeconds * 1000;
    if (views.some(({ level }) => level.waitSeconds > 0)) return this.#refused(now);
    for (const view of views) {
      view.level.take(1);
      view.owed += 1;
    }
    return this.#admitted();
  }

  /** What to ask Redis for now; permits grown old leave with it. With `all` every permit is given back. */
  order(now: number, { ahead, all = false }: { ahead: boolean; all?: boolean }): PermitOrder {
    const back = all || this.stale(now) ? this.key.held : 0;
    if (back > 0) this.#size = 0;
    this.#hold(-back);
    const owed = { tenant: this.tenant.settle(now), key: this.key.settle(now) };
    return { kept: this.key.held, back, wanted: this.waiting, ahead, owed };
  }

  /** Takes in what Redis granted to an order sent at `sentAt`. Permits of requests that no longer wait are lost. */
  accept(order: PermitOrder, { granted, debts }: PermitGrant, sentAt: number, now: number): void {
    const atOnce = Math.min(granted, order.wanted);
    this.#hold(granted - atOnce + Math.min(atOnce, this.waiting));
    this.#until = sentAt + holdMs;
    this.#size = this.key.held;
    const exhausted = granted < order.wanted;
    for (const kind of ['tenant', 'key'] as const) {
      const view = this[kind];
      view.level.set(debts[kind] + view.owed * requestUnits, now);
      if (exhausted) view.emptyUntil = now + view.level.waitSeconds * 1000;
    }
  }

  /** An order that nobody answered: whether Redis knows is unknown, so it is told again. */
  unanswered({ owed }: PermitOrder): void {
    this.tenant.owed += owed.tenant;
    this.key.owed += owed.key;
  }

  #hold(change: number): void {
    this.key.held += change;
    this.tenant.held += change;
  }

  #admitted(): InboundDecision {
    return { remaining: { tenant: this.tenant.remaining, key: this.key.remaining } };
  }

  #refused(now: number): InboundDecision {
    const by: LimitKind = this.key.emptyUntil >= this.tenant.emptyUntil ? 'key' : 'tenant';
    const remaining = { tenant: this.tenant.remaining, key: this.key.remaining };
    return { remaining: { ...remaining, [by]: 0 }, refusal: { by, waitSeconds: (this[by].emptyUntil - now) / 1000 } };
  }
}
