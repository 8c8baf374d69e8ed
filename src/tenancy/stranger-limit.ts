import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import { fail } from '../core/errors.js';

/** How many keys that nobody knows one address may have looked up. */
export interface StrangerRules {
  readonly perMinute: number;
  readonly burst: number;
}

interface Account {
  /** `Clock.elapsed()` at which the whole burst is there again; the only thing that a bucket has to remember. */
  fullAt: number;
  underWay: number;
  readonly waiting: { readonly goOn: () => void; readonly giveUp: (reason: unknown) => void }[];
}

/** More addresses than one process hears at a time; the one silent for longest is forgotten first. */
const addressesAtMost = 50_000;

/**
 * A bucket of look-ups for each address. A look-up that finds somebody is given back, so an integrator that starts with a
 * thousand good keys never meets the limit: while its first look-ups are under way the others wait for what they find.
 *
 *     key not in memory ──token──▶ look-up ──found──▶ token back, one that waits goes on
 *            │ no token, some under way: waits │ not found: token spent
 *            └ no token, none under way: 429 ◀─┘ when the last one under way was not found either
 */
export class StrangerLimit {
  readonly #accounts = new LRUCache<string, Account>({ max: addressesAtMost });
  readonly #stepMs: number;
  readonly #depthMs: number;

  constructor(
    { perMinute, burst }: StrangerRules,
    private readonly clock: Clock,
  ) {
    this.#stepMs = 60_000 / perMinute;
    this.#depthMs = burst * this.#stepMs;
  }

  /** Throws RATE_LIMITED when this address has nothing left; takes nothing. */
  check(address: string): void {
    const account = this.#accounts.get(address);
    const waitMs = account ? this.#waitMs(account) : 0;
    if (waitMs > 0) throw limited(waitMs);
  }

  /** Does one look-up on the account of the address; throws RATE_LIMITED before it when there is nothing left. */
  async charge<T>(address: string, lookUp: () => Promise<T>, found: (outcome: T) => boolean): Promise<T> {
    const account = this.#accountOf(address);
    while (this.#waitMs(account) > 0) {
      if (account.underWay === 0) throw limited(this.#waitMs(account));
      await new Promise<void>((goOn, giveUp) => account.waiting.push({ goOn, giveUp }));
    }
    account.fullAt = Math.max(account.fullAt, this.clock.elapsed()) + this.#stepMs;
    account.underWay++;
    try {
      const outcome = await lookUp();
      account.underWay--;
      if (found(outcome)) this.#giveBack(account);
      if (account.underWay === 0) for (const { goOn } of account.waiting.splice(0)) goOn();
      return outcome;
    } catch (error) {
      // PostgreSQL did not answer: nobody was found strange, and nobody waits for the same silence in turn.
      account.underWay--;
      account.fullAt -= this.#stepMs;
      for (const { giveUp } of account.waiting.splice(0)) giveUp(error);
      throw error;
    }
  }

  #giveBack(account: Account): void {
    account.fullAt -= this.#stepMs;
    account.waiting.shift()?.goOn();
  }

  #accountOf(address: string): Account {
    const known = this.#accounts.get(address);
    if (known) return known;
    const account: Account = { fullAt: this.clock.elapsed(), underWay: 0, waiting: [] };
    this.#accounts.set(address, account);
    return account;
  }

  /** Milliseconds until one more step fits below the depth of the bucket; 0 or less when it does. */
  #waitMs({ fullAt }: Account): number {
    const now = this.clock.elapsed();
    // Sums of fractions miss each other by a billionth; nobody waits for that.
    const wait = Math.max(fullAt, now) + this.#stepMs - this.#depthMs - now;
    return wait < 1e-6 ? 0 : wait;
  }
}

function limited(waitMs: number): Error {
  return fail('RATE_LIMITED', {
    detail: 'Trop de clés inconnues ont été présentées depuis votre adresse ; réessayez un peu plus tard.',
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}
