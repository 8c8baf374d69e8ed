import type { Clock } from '../../core/clock.js';
import type { StaffWord } from '../bucket/hold-to.js';
import type { Learnt } from '../bucket/learnt.js';
import type { Lane } from '../fair/classes.js';
import type { Turn, Want } from '../fair/line.js';
import type { Beside } from '../link.js';
import type { Became, BudgetWord, Granted } from '../messages.js';
import type { Timers } from '../timers.js';
import { SharedBudget, type Moment } from './shared-budget.js';
import type { BudgetSize, BudgetSizes } from './sizes.js';

/** What budgets are kept with. */
export interface BudgetsParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly timers: Timers;
  readonly sizes: Pick<BudgetSizes, 'of' | 'has' | 'names' | 'said'>;
  /** The part of every budget, 0 to 1, that may be granted here. */
  share(now: number): number;
  /** Hands out permits that are due. */
  grant(instance: string, budget: string, granted: readonly Granted[]): void;
  /** Whether budgets begin empty, since others have been using them until now. */
  readonly drained?: boolean;
  /** Until when the OPCO has asked to be left alone, as far as that is known when the budget begins. */
  pausedUntil?(budget: string): number | undefined;
}

interface Kept {
  readonly budget: SharedBudget;
  size: BudgetSize;
  said: StaffWord | undefined;
  callOff: () => void;
}

/** Somebody may name budgets that nobody has declared; not without end. */
const mostBudgets = 1000;
/** Rates may rise meanwhile, and parts come back: what is waited for is looked at so often at least. */
const longestSleepMs = 500;
const nothing = () => undefined;

/** All budgets of one who grants: hands out each permit when it is due. */
export class Budgets implements Beside {
  readonly #budgets = new Map<string, Kept>();
  #learnt: Readonly<Record<string, Learnt>> = {};
  #pumping = false;

  constructor(private readonly parts: BudgetsParts) {}

  /** All that an instance wants of a budget; replaces what it wanted. */
  want(budget: string, instance: string, wants: readonly Want[]): void {
    const kept = this.#of(budget);
    if (!kept) return;
    kept.budget.want(instance, wants);
    this.#pump(budget, kept);
  }

  /** Takes a permit without waiting, if it may be had and nobody who waits could have it. */
  take(budget: string, lane: Lane, tenant?: string): boolean {
    const kept = this.#of(budget);
    if (!kept) return false;
    if (kept.callOff !== nothing) this.#pump(budget, kept);
    return kept.budget.take(lane, tenant, this.#moment());
  }

  giveBack(budget: string, calls: number): void {
    const kept = this.#of(budget);
    if (!kept) return;
    kept.budget.giveBack(calls);
    this.#pump(budget, kept);
  }

  learn(budget: string, became: Became): void {
    const kept = this.#of(budget);
    if (!kept) return;
    kept.budget.learn(became, this.#moment());
    if (became.throttled > 0) this.#pump(budget, kept);
  }

  /** What an instance had in store of a budget is used, or thrown away. */
  unstore(budget: string, instance: string, calls: number): void {
    this.#of(budget)?.budget.unstore(instance, calls);
  }

  word(budget: string, instance?: string): BudgetWord {
    return this.#of(budget)?.budget.word(budget, this.#moment(), instance) ?? unknown(budget);
  }

  /** Every budget that has been named or declared. */
  get names(): readonly string[] {
    return [...new Set([...this.parts.sizes.names, ...this.#budgets.keys()])];
  }

  /** Forgets what an instance wants. */
  leave(instance: string): void {
    for (const [name, kept] of this.#budgets) {
      kept.budget.want(instance, []);
      this.#pump(name, kept);
    }
  }

  /** Nothing lies in store at an instance any more. */
  emptyStores(instance: string): void {
    for (const { budget } of this.#budgets.values()) budget.unstore(instance);
  }

  /** What has been learnt, by budget. */
  learnt(): Record<string, Learnt> {
    return Object.fromEntries([...this.#budgets].map(([name, { budget }]) => [name, budget.learnt]));
  }

  /** What had been learnt before; for budgets of which nothing has been taken yet. */
  resume(learnt: Readonly<Record<string, Learnt>>): void {
    this.#learnt = learnt;
  }

  /** Grants nothing any more. */
  close(): void {
    for (const kept of this.#budgets.values()) kept.callOff();
    this.#budgets.clear();
  }

  #moment(): Moment {
    const now = this.parts.clock.elapsed();
    return { now, share: this.parts.share(now) };
  }

  #of(name: string): Kept | undefined {
    const kept = this.#budgets.get(name) ?? this.#begin(name);
    if (!kept) return undefined;
    const [size, said] = [this.parts.sizes.of(name), this.parts.sizes.said(name)];
    if (kept.size !== size) kept.budget.resize((kept.size = size), this.parts.clock.elapsed());
    if (kept.said !== said) kept.budget.holdTo((kept.said = said), this.#moment());
    return kept;
  }

  #begin(name: string): Kept | undefined {
    if (!this.parts.sizes.has(name) && this.#budgets.size >= mostBudgets) return undefined;
    const size = this.parts.sizes.of(name);
    const learnt = Object.hasOwn(this.#learnt, name) ? this.#learnt[name] : undefined;
    const budget = new SharedBudget(size, this.parts.clock.elapsed(), learnt);
    if (this.parts.drained) budget.drain();
    budget.pauseUntil(this.parts.pausedUntil?.(name) ?? -Infinity);
    const kept = { budget, size, said: undefined, callOff: nothing };
    this.#budgets.set(name, kept);
    return kept;
  }

  /** Whoever is handed a permit may say something in return: that is heard after all are handed out. */
  #pump(name: string, kept: Kept): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        const turns = kept.budget.grants(this.#moment());
        if (turns.length === 0) break;
        for (const [instance, granted] of byInstance(turns)) this.parts.grant(instance, name, granted);
      }
    } finally {
      this.#pumping = false;
    }
    this.#sleep(name, kept);
  }

  #sleep(name: string, kept: Kept): void {
    kept.callOff();
    const ms = kept.budget.nextMs(this.#moment());
    kept.callOff =
      ms === undefined
        ? nothing
        : this.parts.timers.after(Math.min(longestSleepMs, Math.max(1, ms)), () =>
            this.#pump(name, this.#of(name) ?? kept),
          );
  }
}

/** Of a budget beyond all bounds nothing is granted. */
function unknown(budget: string): BudgetWord {
  const never = 3_600_000;
  const waitMs = { interactive: never, job: never, poll: never, bulk: never, ahead: never };
  return { budget, rate: 0, burst: 0, pausedMs: 0, waitMs, ofOne: {} };
}

function byInstance(turns: readonly Turn[]): Map<string, Granted[]> {
  const all = new Map<string, Granted[]>();
  for (const { instance, lane, tenant } of turns) {
    const granted = all.get(instance) ?? [];
    const known = granted.findIndex((each) => each.lane === lane && each.tenant === tenant);
    const calls = (granted[known]?.calls ?? 0) + 1;
    if (known < 0) granted.push({ lane, tenant, calls });
    else granted[known] = { lane, tenant, calls };
    all.set(instance, granted);
  }
  return all;
}
