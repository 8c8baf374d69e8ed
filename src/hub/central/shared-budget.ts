import { fill, fullBucket, giveBack, take, told, waitMs, type Bucket } from '../bucket/bucket.js';
import { holdTo, letGo, type BeforeStaff, type StaffWord } from '../bucket/hold-to.js';
import { learntOf, resumedPace, type Learnt } from '../bucket/learnt.js';
import { freshPace, rateAt, type PaceLimits } from '../bucket/pace.js';
import { readRateFields } from '../bucket/rate-fields.js';
import { lanes, reserves, type Lane } from '../fair/classes.js';
import { Line, type Turn, type Want } from '../fair/line.js';
import type { Became, BudgetWord } from '../messages.js';
import { OwnLimits } from './own-limits.js';
import type { BudgetSize } from './sizes.js';

/** However often it was cut, one call every ten seconds: less would never find out that things are well again. */
const floorRate = 0.1;
/** So many permits are granted in one go at most; the rest a moment later. */
const mostTurns = 500;
/** Longer waits are not told: by then everything may be different. */
const longestWaitMs = 3_600_000;
/** A budget of which nothing may be granted is looked at again after this time. */
const nothingMs = 1000;

/** A wait is told by that part at least: what may be granted here may soon be more. */
const leastTold = 0.1;

/** A moment, and the part of the budget, 0 to 1, that may be granted here at it: the rest others may be using by themselves. */
export interface Moment {
  readonly now: number;
  readonly share: number;
}

/**
 * One OPCO's budget: what it bears, who waits for it, who is next. Asks no clock and says nothing to anybody; whoever owns it says
 * at which moment something happens. In any time t at most burst + rate x t permits are out, those in store at instances included.
 */
export class SharedBudget {
  #bucket: Bucket;
  readonly #own: OwnLimits;
  readonly #line = new Line();
  /** Permits that lie in store, by instance. */
  readonly #stores = new Map<string, number>();
  #stored = 0;
  /** While staff says what it bears. */
  #beforeStaff: BeforeStaff | undefined;

  constructor(size: BudgetSize, now: number, learnt?: Learnt) {
    const limits = limitsOf(size);
    const pace = learnt ? resumedPace(limits, learnt, now) : freshPace(limits, now);
    this.#bucket = fullBucket(pace, now);
    this.#own = new OwnLimits(pace);
  }

  /** Somebody says another size: it counts from now on, as if nothing had been learnt; only a pause goes on. */
  resize(size: BudgetSize, now: number): void {
    const limits = limitsOf(size);
    const { pausedUntil } = this.#bucket.pace;
    const tokens = Math.min(this.#bucket.tokens, limits.burst);
    this.#bucket = { ...fullBucket({ ...freshPace(limits, now), pausedUntil }, now), tokens };
    this.#own.startFrom(this.#bucket.pace);
  }

  /** Staff says what it bears, or says so no more. */
  holdTo(word: StaffWord | undefined, moment: Moment): void {
    this.#fill(moment);
    if (this.#beforeStaff) this.#bucket = letGo(this.#bucket, this.#beforeStaff);
    this.#beforeStaff = undefined;
    if (word) ({ bucket: this.#bucket, before: this.#beforeStaff } = holdTo(this.#bucket, word));
    this.#own.startFrom(this.#bucket.pace);
  }

  /** Nothing may be had at once: what follows somebody else's use of the same budget. */
  drain(): void {
    this.#bucket = { ...this.#bucket, tokens: 0 };
  }

  /** The OPCO has asked somebody else to be left alone until then. */
  pauseUntil(until: number): void {
    const { pace } = this.#bucket;
    this.#bucket = { ...this.#bucket, pace: { ...pace, pausedUntil: Math.max(pace.pausedUntil, until) } };
  }

  /** All that an instance wants; replaces what it wanted. */
  want(instance: string, wants: readonly Want[]): void {
    this.#line.set(instance, wants);
  }

  /** Takes a permit without waiting, if it may be had and nobody who waits could have it. */
  take(lane: Lane, tenant: string | undefined, { now, share }: Moment): boolean {
    this.#fill({ now, share });
    if (this.#waitMs(lane, share) > 0 || this.#own.waitMs(tenant, now) > 0) return false;
    this.#bucket = take(this.#bucket);
    this.#own.take(tenant, now);
    return true;
  }

  /** Permits that are due, in the order in which they are: they count as taken. */
  grants({ now, share }: Moment): Turn[] {
    const turns: Turn[] = [];
    if (this.#line.empty) return turns;
    this.#fill({ now, share });
    while (turns.length < mostTurns) {
      const turn = this.#line.next((lane) => this.#waitMs(lane, share) === 0, this.#blocked(now));
      if (!turn) break;
      this.#bucket = take(this.#bucket);
      this.#own.take(turn.tenant, now);
      if (turn.lane === 'ahead') this.#store(turn.instance, 1);
      turns.push(turn);
    }
    return turns;
  }

  /** Milliseconds until the next permit is due to somebody; undefined when nobody waits. */
  nextMs({ now, share }: Moment): number | undefined {
    if (this.#line.empty) return undefined;
    this.#fill({ now, share });
    let least = this.#soonestMs(share, this.#blocked(now));
    if (least < Infinity) return least;
    for (const tenant of this.#line.tenants()) least = Math.min(least, this.#own.waitMs(tenant, now));
    return least;
  }

  giveBack(calls: number): void {
    this.#bucket = giveBack(this.#bucket, calls);
  }

  /** Permits that an instance had in store are used, or thrown away. */
  unstore(instance: string, calls = Infinity): void {
    this.#store(instance, -calls);
  }

  /** What became of calls. */
  learn({ tenant, accepted, failed, throttled, ms, retryAfterMs, headers }: Became, moment: Moment): void {
    const { now } = moment;
    this.#fill(moment);
    const elsewhere = this.#elsewhere(moment.share);
    const tell = (event: Parameters<typeof told>[1]) => (this.#bucket = told(this.#bucket, event, now, elsewhere));
    if (accepted > 0) {
      const event = { kind: 'accepted' as const, calls: accepted, ...(ms !== undefined && { ms }) };
      tell(event);
      this.#own.accepted(tenant, event, now);
    }
    for (let n = 0; n < Math.min(failed, 50); n += 1) tell({ kind: 'failed' });
    const fields = headers && readRateFields(headers);
    if (fields) tell({ kind: 'fields', fields });
    for (let n = 0; n < Math.min(throttled, 20); n += 1) {
      const event = { kind: 'throttled' as const, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      this.#bucket = this.#own.throttled(this.#bucket, tenant === '' ? undefined : tenant, event, now);
    }
  }

  /** What is known of it, for whoever goes by it; waits without those of an instance that knows its own. */
  word(budget: string, moment: Moment, instance?: string): BudgetWord {
    this.#fill(moment);
    const { pace } = this.#bucket;
    const rate = rateAt(pace, moment.now);
    const blocked = this.#blocked(moment.now);
    const waits: Record<Lane, number> = { interactive: 0, job: 0, poll: 0, bulk: 0, ahead: 0 };
    const least = { ...waits };
    const soonest = this.#soonestMs(moment.share, blocked);
    let before = 0;
    for (const lane of lanes) {
      before += this.#line.waiting(lane, blocked, instance);
      const others = before / Math.max(1e-3, rate * Math.max(leastTold, moment.share));
      const alone = Math.min(longestWaitMs, this.#waitMs(lane, moment.share));
      waits[lane] = Math.min(longestWaitMs, alone + others * 1000);
      least[lane] = Math.min(alone, soonest);
    }
    const pausedMs = Math.max(0, pace.pausedUntil - moment.now);
    const ofOne = this.#own.waits(moment.now);
    return { budget, rate, burst: pace.burst, pausedMs, waitMs: waits, leastMs: least, ofOne };
  }

  /** What is worth keeping. */
  get learnt(): Learnt {
    return learntOf(this.#bucket.pace);
  }

  /** Whom the OPCO refuses alone; undefined where that is nobody: then nobody has to be looked at. */
  #blocked(now: number): ((tenant: string) => boolean) | undefined {
    return this.#own.empty ? undefined : (tenant) => this.#own.waitMs(tenant, now) > 0;
  }

  /** Until anybody who waits and is not blocked may go: then it is the turn of whichever class is next, whatever it leaves by itself. */
  #soonestMs(share: number, blocked: ((tenant: string) => boolean) | undefined): number {
    const waiting = lanes.filter((lane) => this.#line.waiting(lane, blocked) > 0);
    return Math.min(Infinity, ...waiting.map((lane) => this.#waitMs(lane, share)));
  }

  #waitMs(lane: Lane, share: number): number {
    if (share <= 0) return nothingMs;
    return waitMs(this.#bucket, reserves[lane] * this.#bucket.pace.burst, 1 - share);
  }

  #fill({ now, share }: Moment): void {
    this.#bucket = fill(this.#bucket, now, this.#elsewhere(share));
  }

  #elsewhere(share: number): { share: number; tokens: number } {
    return { share: 1 - share, tokens: this.#stored };
  }

  #store(instance: string, calls: number): void {
    const had = this.#stores.get(instance) ?? 0;
    const has = Math.max(0, had + calls);
    this.#stored += has - had;
    if (has > 0) this.#stores.set(instance, has);
    else this.#stores.delete(instance);
  }
}

function limitsOf({ rate, burst, ceiling = rate }: BudgetSize): PaceLimits {
  return { start: rate, burst: Math.max(1, burst), floor: Math.min(floorRate, rate), ceiling };
}
