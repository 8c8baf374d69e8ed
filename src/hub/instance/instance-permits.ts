import type { Clock } from '../../core/clock.js';
import type { TrafficClass } from '../../core/exchange.js';
import type { Asking, CallAnswer, PermitDecision, Permits } from '../../core/permits.js';
import type { Budgets } from '../central/budgets.js';
import type { BudgetSize, BudgetSizes } from '../central/sizes.js';
import type { HoldingMode } from '../leases/holding.js';
import { leaseTimes, type LeaseTimes } from '../leases/lease-book.js';
import type { Beside, Line, Listener } from '../link.js';
import type { Became, FromHub, Granted } from '../messages.js';
import type { Timers } from '../timers.js';
import { budgetsAlone } from './alone.js';
import { sightOf, unseen, type BudgetSight } from './budget-sight.js';
import { Desk } from './desk.js';
import { refusal, waitAt, type KnownWait } from './known-wait.js';
import { Outbox } from './outbox.js';
import { countingOf, pauseOf } from './reports.js';
import { standInLine } from './stand-in-line.js';
import { Standing, type InstanceState } from './standing.js';

/** What an instance's permits are made of. */
export interface InstanceParts {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly timers: Timers;
  readonly sizes: BudgetSizes;
  /** Its name at the hub. */
  readonly name: string;
  readonly times?: LeaseTimes;
}

/**
 * The permits of this process: granted by a hub over a line, or by one in the same process, or taken out of the part of each budget
 * that may be used without a hub. Never without limit, never nothing.
 */
export class InstancePermits implements Permits {
  readonly #desks = new Map<string, Desk>();
  readonly #standing: Standing;
  readonly #outbox: Outbox;
  readonly #endBeat: () => void;
  #alone: Budgets | undefined;

  constructor(private readonly parts: InstanceParts) {
    const { clock, timers, name, times = leaseTimes } = parts;
    this.#standing = new Standing({
      ...{ clock, times, name },
      opened: () => this.#restart(),
      changed: (mode) => this.#changed(mode),
      heard: (message) => this.#heard(message),
    });
    this.#alone = this.#standAlone();
    this.#outbox = new Outbox(timers, this.#desks, {
      say: (message) => this.#standing.say(message),
      now: () => this.#now(),
      heard: () => this.#standing.confirms,
    });
    this.#endBeat = timers.every(times.quietMs / 4, () => this.#beat());
  }

  /** Says how large a budget is, before anything is known of it. */
  declare(budget: string, size: BudgetSize): void {
    this.parts.sizes.declare(budget, size);
  }

  /** Goes by this line to a hub from now on; the one before is closed. */
  connect(lay: (listener: Listener) => Line): void {
    this.#standing.connect(lay);
  }

  /** Gives up the line; the lease that was had over it lasts as long as it lasts. */
  disconnect(): void {
    this.#standing.disconnect();
  }

  take(budget: string, traffic: TrafficClass, tenant?: string): PermitDecision {
    return this.#take(budget, traffic, tenant) ? this.#granted(budget) : refusal(this.#known(budget, traffic, tenant));
  }

  ask(budget: string, traffic: TrafficClass, asking: Asking): Promise<PermitDecision> {
    if (this.#take(budget, traffic, asking.tenant)) return Promise.resolve(this.#granted(budget));
    const known = this.#known(budget, traffic, asking.tenant);
    // How long the line is, is no reason not to join it: whoever has had least goes first.
    if (known.least > asking.patienceMs || asking.patienceMs <= 0 || asking.signal?.aborted)
      return Promise.resolve(refusal(known));
    const desk = this.#desk(budget);
    return standInLine(
      {
        ...{ waiting: desk.waiting, timers: this.parts.timers },
        changed: () => this.#wanted(budget, desk),
        granted: () => this.#granted(budget),
        refused: () => this.take(budget, traffic, asking.tenant),
      },
      traffic,
      asking,
    );
  }

  throttled(budget: string, retryAfterSeconds?: number, tenant = ''): void {
    const asked = retryAfterSeconds !== undefined && { retryAfterMs: retryAfterSeconds * 1000 };
    this.#learn(budget, { tenant, accepted: 0, failed: 0, throttled: 1, ...asked });
  }

  answered(budget: string, { tenant, ms, failed, headers }: CallAnswer): void {
    const counting = countingOf(headers);
    const ends = failed ? { accepted: 0, failed: 1 } : { accepted: 1, failed: 0 };
    this.#learn(budget, { tenant, ...ends, throttled: 0, ms, ...(counting && { headers: counting }) });
  }

  /** What is known of a budget now: for whoever looks. */
  look(budget: string): BudgetSight {
    this.#standing.settle(this.#now());
    const word = this.#source()?.word(budget) ?? this.#desk(budget).word;
    return word ? sightOf(word) : unseen(this.parts.sizes.of(budget));
  }

  state(): InstanceState {
    return this.#standing.state();
  }

  /** Makes no call any more: what it holds is given back. */
  close(): void {
    this.#endBeat();
    this.#standing.say({ type: 'leave' });
    this.#standing.disconnect();
    this.#outbox.close();
    this.#alone?.close();
  }

  #take(budget: string, traffic: TrafficClass, tenant: string | undefined): boolean {
    const now = this.#now();
    this.#standing.settle(now);
    const source = this.#source();
    if (source) return source.take(budget, traffic, tenant);
    const desk = this.#desk(budget);
    const had = desk.take(traffic, tenant, now);
    if (desk.low || !had) this.#outbox.changed(budget);
    return had;
  }

  #known(budget: string, traffic: TrafficClass, tenant: string | undefined): KnownWait {
    const word = this.#source()?.word(budget);
    return word ? waitAt(word, traffic, tenant) : this.#desk(budget).waitMs(traffic, tenant, this.#now());
  }

  /** Given back at most once, and only to whom it came from. */
  #granted(budget: string): PermitDecision {
    let held = true;
    const origin = () => this.#alone ?? this.#standing.openings;
    const from = origin();
    const release = () => {
      if (held && origin() === from) this.#giveBack(budget, 1);
      held = false;
    };
    return { granted: true, permit: { release } };
  }

  #giveBack(budget: string, calls: number): void {
    const source = this.#source();
    if (source) return source.giveBack(budget, calls);
    this.#desk(budget).back += calls;
    this.#outbox.changed(budget);
  }

  #learn(budget: string, became: Became): void {
    const now = this.#now();
    this.#standing.settle(now);
    const source = this.#source();
    if (source) return source.learn(budget, became);
    const pauseMs = pauseOf(became);
    if (pauseMs !== undefined) this.#desk(budget).pause(pauseMs, now);
    this.#outbox.note(budget, became, pauseMs !== undefined);
  }

  #wanted(budget: string, desk: Desk): void {
    const source = this.#source();
    if (source) source.want(budget, this.parts.name, desk.waiting.wants());
    else this.#outbox.changed(budget);
  }

  /** Who decides at once: a hub beside, or this process alone; nobody while a hub elsewhere grants. */
  #source(): Beside | undefined {
    return this.#alone ?? this.#standing.beside;
  }

  #heard(message: FromHub): void {
    if (message.type === 'grant') this.#handOut(message.budget, message.granted);
    if (message.type !== 'limits') return;
    const now = this.#now();
    for (const word of message.budgets) this.#desk(word.budget).hear(word, now);
  }

  #handOut(budget: string, granted: readonly Granted[]): void {
    const desk = this.#desk(budget);
    let left = 0;
    for (const { lane, tenant, calls } of granted) {
      if (lane === 'ahead') left += desk.filled(calls, this.#now());
      else left += calls - desk.waiting.grant({ lane, tenant }, calls);
    }
    if (left > 0) this.#giveBack(budget, left);
  }

  #beat(): void {
    this.#standing.renew();
    if (this.#source()) return;
    const now = this.#now();
    for (const [budget, desk] of this.#desks) if (desk.idle(now)) this.#outbox.changed(budget);
  }

  #changed(mode: HoldingMode): void {
    if ((mode === 'granted') === (this.#alone === undefined)) return;
    this.#alone?.close();
    this.#alone = mode === 'granted' ? undefined : this.#standAlone();
    this.#restart();
  }

  /** Nothing counts that was granted until now; whoever waits goes on waiting. */
  #restart(): void {
    for (const [budget, desk] of this.#desks) {
      desk.restart();
      if (!desk.waiting.empty) this.#wanted(budget, desk);
    }
  }

  #standAlone(): Budgets {
    const { clock, timers, sizes } = this.parts;
    return budgetsAlone({
      ...{ clock, timers, sizes, desks: this.#desks },
      share: (now) => this.#standing.aloneShare(now),
      grant: (_, budget, granted) => this.#handOut(budget, granted),
    });
  }

  #desk(budget: string): Desk {
    let desk = this.#desks.get(budget);
    if (!desk) this.#desks.set(budget, (desk = new Desk()));
    return desk;
  }

  #now(): number {
    return this.parts.clock.elapsed();
  }
}
