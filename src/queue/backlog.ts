import type { Clock } from '../core/clock.js';
import type { TenantHash } from '../core/tenant.js';
import { Tally } from './tally.js';

/** How many deposits may wait or be under way. */
export interface BacklogBounds {
  readonly tenant: number;
  readonly total: number;
}

/** Why one more deposit is not taken. */
export interface FullBacklog {
  /** The bound that is reached. */
  readonly by: 'tenant' | 'total';
  /** When there should be room for this very one, as the backlog has been worked off of late. */
  readonly retryAfterSeconds: number;
}

/** Asked to wait when nothing leaves the backlog, so that nothing can be said. */
const whenNothingLeavesSeconds = 60;
const longestSeconds = 300;

/**
 * How many deposits of each tenant are not over, as this process believes: what PostgreSQL counted last, and what was accepted
 * here since. Asking costs two look-ups in memory. What ended since the last count is missing, and what other processes accepted:
 * for about a second the belief may be off by as much.
 *
 *     begin() ── a count is under way; what is accepted meanwhile may be in it or not ──▶ end(counts)
 *
 * Before the first count, and as long as PostgreSQL does not answer, nothing is refused here: an acceptance fails by itself then.
 */
export class Backlog {
  #counted = new Tally();
  /** Accepted before the count under way began, and since. */
  #before = new Tally();
  #since = new Tally();
  #refused = new Tally();
  #leaving = new Map<string, number>();
  #leavingTotal = 0;
  #countedAt: number | undefined;

  constructor(
    private readonly bounds: BacklogBounds,
    private readonly clock: Pick<Clock, 'elapsed'>,
  ) {}

  /** Whether the bounds leave no room for one more deposit of this tenant. */
  full(tenant: TenantHash): FullBacklog | undefined {
    const own = this.#believed(tenant) - this.bounds.tenant;
    const all = this.#counted.total + this.#before.total + this.#since.total - this.bounds.total;
    if (own < 0 && all < 0) return undefined;
    this.#refused.add(tenant);
    // Who was refused before comes back as well: each waits for a place of its own.
    if (own >= 0)
      return { by: 'tenant', retryAfterSeconds: wait(own + this.#refused.of(tenant), this.#leaving.get(tenant)) };
    return { by: 'total', retryAfterSeconds: wait(all + this.#refused.total, this.#leavingTotal) };
  }

  /** One more was accepted in this process. */
  noteAccepted(tenant: TenantHash): void {
    this.#since.add(tenant);
  }

  /** A count begins. */
  begin(): void {
    for (const name of this.#since.names) this.#before.add(name, this.#since.of(name));
    this.#since = new Tally();
  }

  /** What was counted, by tenant. */
  end(counts: Iterable<readonly [string, number]>): void {
    const counted = new Tally(counts);
    const now = this.clock.elapsed();
    if (this.#countedAt !== undefined) this.#learn(counted, (now - this.#countedAt) / 1000);
    this.#countedAt = now;
    this.#counted = counted;
    this.#before = new Tally();
    this.#refused = new Tally();
  }

  /** Deposits a second that left; what other processes accepted meanwhile hides as many, so that waits are rather too long. */
  #learn(counted: Tally, seconds: number): void {
    if (seconds <= 0) return;
    const rate = (before: number, gone: number) => before + (Math.max(0, gone) / seconds - before) * 0.3;
    const gone = (name: string) => this.#counted.of(name) + this.#before.of(name) - counted.of(name);
    const leaving = new Map<string, number>();
    for (const name of counted.names) leaving.set(name, rate(this.#leaving.get(name) ?? 0, gone(name)));
    this.#leaving = leaving;
    this.#leavingTotal = rate(this.#leavingTotal, this.#counted.total + this.#before.total - counted.total);
  }

  #believed(tenant: TenantHash): number {
    return this.#counted.of(tenant) + this.#before.of(tenant) + this.#since.of(tenant);
  }
}

function wait(places: number, perSecond = 0): number {
  if (perSecond <= 0) return whenNothingLeavesSeconds;
  return Math.min(longestSeconds, Math.max(1, Math.ceil(places / perSecond)));
}
