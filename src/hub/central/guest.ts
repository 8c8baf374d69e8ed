import type { LeaseBook, LeaseTimes } from '../leases/lease-book.js';
import type { Seat, SeatLine } from '../link.js';
import { protocolVersion, type BudgetWord, type FromHub, type Granted, type ToHub } from '../messages.js';
import type { Budgets } from './budgets.js';
import { saneBecame, saneCalls, saneHeld, saneWants } from './sane.js';

type Said = FromHub extends infer Message ? (Message extends FromHub ? Omit<Message, 'epoch' | 'n'> : never) : never;

/** What a guest needs of the hub that it sits at. */
export interface House {
  readonly epoch: number;
  readonly times: LeaseTimes;
  readonly book: LeaseBook;
  readonly budgets: Budgets;
  now(): number;
  /** The number of the next word. */
  nextWord(): number;
  /** The OPCO has refused a call: everybody with permits in store must know. */
  refused(budget: string): void;
  /** Nothing lies in store at an instance any more. */
  emptyStore(instance: string): void;
  /** `stored`: it may still use what it has in store. */
  gone(guest: Guest, stored: boolean): void;
  /** Somebody has heard of a later hub. */
  outdated(epoch: number): void;
}

/** Words whose time is remembered until the instance confirms a later one. */
const mostWords = 4096;
/** Of one budget an instance that waits is told so often, and when something else is true of it. */
const tellEveryMs = 50;
/** So many budgets in one word: far below 64 kB. */
const mostInAWord = 50;

/** One instance's seat at the hub. Whatever it says, it harms nobody but itself. */
export class Guest implements Seat {
  #joined = false;
  #open = true;
  readonly #sent: { readonly n: number; readonly at: number }[] = [];
  /** What was granted by words of which the instance has not said yet that it has heard them. */
  #granted: { readonly n: number; readonly budget: string; readonly granted: readonly Granted[] }[] = [];
  /** Permits that it may still give back, by budget. */
  readonly #out = new Map<string, number>();
  readonly #told = new Map<string, { readonly at: number; readonly text: string }>();

  constructor(
    readonly name: string,
    private readonly line: SeatLine,
    private readonly house: House,
  ) {}

  get beside(): boolean {
    return this.line.beside === true;
  }

  receive(message: ToHub): void {
    if (!this.#open) return;
    if (message.type === 'hello') return this.#hello(message);
    if (!this.#joined) return this.#refuse('HELLO_FIRST');
    switch (message.type) {
      case 'renew':
        return this.#renew(message);
      case 'lease':
        return this.#want(message);
      case 'release':
        return this.#release(message);
      case 'report':
        return this.#report(message);
      case 'leave':
        return this.#leave();
      case 'ping':
        return void this.#say({ type: 'ping' });
      default:
        return void this.#say({ type: 'error', code: 'UNKNOWN_MESSAGE' });
    }
  }

  lost(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#joined) this.house.book.lost(this.name);
    this.house.gone(this, this.#joined);
  }

  /** Hands out permits. */
  grant(budget: string, granted: readonly Granted[]): void {
    const calls = granted.reduce((sum, each) => sum + each.calls, 0);
    this.#out.set(budget, (this.#out.get(budget) ?? 0) + calls);
    const n = this.#say({ type: 'grant', budget, granted });
    if (!this.beside) this.#granted = [...this.#granted.slice(-mostWords), { n, budget, granted }];
  }

  /** Tells what is new about budgets; everything there is when `all`. Who asks the budgets itself needs to be told only what it must keep. */
  tell(budgets: readonly string[], all = false): void {
    if ((this.beside && !all) || !this.#joined) return;
    const now = this.house.now();
    const news: BudgetWord[] = [];
    for (const budget of budgets) {
      const word = this.house.budgets.word(budget, this.name);
      const waits = Object.values(word.waitMs).map((ms) => Math.ceil(ms / 200));
      const text = `${word.rate.toPrecision(3)} ${word.burst} ${word.pausedMs > 0} ${waits.join()} ${Object.keys(word.ofOne).join()}`;
      if (!all && this.#told.get(budget)?.text === text) continue;
      this.#told.set(budget, { at: now, text });
      news.push(word);
    }
    for (let at = 0; at < news.length; at += mostInAWord)
      this.#say({ type: 'limits', budgets: news.slice(at, at + mostInAWord) });
  }

  /** Sends the instance away: what it holds, it holds until its lease ends. */
  end(reason: string, revoked: boolean): void {
    if (!this.#open) return;
    // By this it goes when it is alone.
    if (this.beside) this.tell(this.house.budgets.names, true);
    if (revoked) this.#say({ type: 'revoke', reason });
    this.lost();
    this.line.cut(reason);
  }

  #hello({ v, instance, at, held, epoch }: Extract<ToHub, { type: 'hello' }>): void {
    if (v !== protocolVersion) return this.#refuse('VERSION');
    if (instance !== this.name) return this.#refuse('NOT_YOU');
    if (epoch > this.house.epoch) {
      this.#refuse('OUTDATED');
      return this.house.outdated(epoch);
    }
    this.#joined = true;
    this.#granted = [];
    this.house.book.join(this.name, { ...saneHeld(held, this.house.times), beside: this.beside }, this.house.now());
    this.house.budgets.leave(this.name);
    this.house.emptyStore(this.name);
    this.#lease(at);
    this.tell(this.house.budgets.names, true);
  }

  #renew({ at, confirms }: Extract<ToHub, { type: 'renew' }>): void {
    const known = this.#sent.findLast(({ n }) => n <= confirms);
    if (known) this.house.book.confirmed(this.name, known.at);
    const later = this.#sent.findIndex(({ n }) => n >= confirms);
    this.#sent.splice(0, later < 0 ? this.#sent.length : later);
    this.#lease(at);
    this.tell(this.house.budgets.names);
  }

  #lease(askedAt: number): void {
    if (!Number.isFinite(askedAt)) return;
    this.#say({ type: 'lease', share: this.house.book.renew(this.name, this.house.now()), askedAt });
  }

  #want({ budget, wants, heard }: Extract<ToHub, { type: 'lease' }>): void {
    if (heard !== undefined) this.#granted = this.#granted.filter(({ n }) => n > heard);
    const unheard = this.#granted.filter((each) => each.budget === budget).flatMap(({ granted }) => granted);
    const sane = saneWants(wants).map((want) => {
      const taken = unheard.filter(({ lane, tenant }) => lane === want.lane && tenant === want.tenant);
      return { ...want, calls: Math.max(0, want.calls - taken.reduce((sum, { calls }) => sum + calls, 0)) };
    });
    this.house.budgets.want(budget, this.name, sane);
    const told = this.#told.get(budget)?.at ?? -Infinity;
    if (sane.length > 0) this.tell([budget], this.house.now() - told >= tellEveryMs);
  }

  #release({ budget, calls }: Extract<ToHub, { type: 'release' }>): void {
    const back = Math.min(saneCalls(calls), this.#out.get(budget) ?? 0);
    if (back === 0) return;
    this.#spent(budget, back);
    this.house.budgets.giveBack(budget, back);
  }

  #report({ budget, became, ahead }: Extract<ToHub, { type: 'report' }>): void {
    this.house.budgets.unstore(budget, this.name, saneCalls(ahead));
    let refused = false;
    for (const each of became.map(saneBecame)) {
      this.#spent(budget, each.accepted + each.failed + each.throttled);
      this.house.budgets.learn(budget, each);
      refused ||= each.throttled > 0;
    }
    if (refused) this.house.refused(budget);
  }

  #spent(budget: string, calls: number): void {
    const left = (this.#out.get(budget) ?? 0) - calls;
    if (left > 0) this.#out.set(budget, left);
    else this.#out.delete(budget);
  }

  #leave(): void {
    this.house.book.release(this.name);
    this.#joined = false;
    this.house.emptyStore(this.name);
    this.end('left', false);
  }

  #refuse(code: string): void {
    this.#say({ type: 'error', code });
    this.end(code, false);
  }

  #say(said: Said): number {
    const [n, at] = [this.house.nextWord(), this.house.now()];
    if (this.#sent.length >= mostWords) this.#sent.splice(0, mostWords / 2);
    this.#sent.push({ n, at });
    this.line.say({ epoch: this.house.epoch, n, ...said } as FromHub);
    return n;
  }
}
