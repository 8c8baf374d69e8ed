import type { Clock } from '../../core/clock.js';

/** What a call said about the health of the OPCO: `unknown` when it was given up for reasons of our own. */
export type CallOutcome = 'well' | 'ill' | 'unknown';

/** Leave to call, whose outcome is told once; or the seconds until the next probe. */
export type Admission =
  | { readonly admitted: true; end(outcome: CallOutcome): void }
  | { readonly admitted: false; readonly retryAfterSeconds: number };

const windowMs = 10_000;
const slotMs = 1000;
const minimumCalls = 10;
const failureRatio = 0.5;
const firstOpenMs = 5000;
const longestOpenMs = 60_000;

/**
 * Spares an OPCO that is down, and its callers the wait.
 *
 *     closed ──10 calls or more in 10 s, half of them ill──▶ open ──5 s, doubled up to 60 s──▶ half-open
 *       ▲                                                     ▲                                   │ one probe, a read
 *       └───────────────────── probe well ────────────────────┼───────────────────────────────────┤
 *                                                             └────────────── probe ill ──────────┘
 *
 * A deposit is never the probe: what it would tell is not worth sending it into the unknown.
 */
export class Breaker {
  /** One entry for each second of the window that saw a call, oldest first: a busy OPCO costs no more than a quiet one. */
  #seconds: { readonly from: number; calls: number; ill: number }[] = [];
  #openUntil: number | undefined;
  #openMs = firstOpenMs;
  #probing = false;

  constructor(private readonly clock: Clock) {}

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#openUntil === undefined) return 'closed';
    return this.clock.elapsed() < this.#openUntil ? 'open' : 'half-open';
  }

  admit(mayProbe: boolean): Admission {
    const openUntil = this.#openUntil;
    if (openUntil === undefined) return { admitted: true, end: once((outcome) => this.#count(outcome)) };
    if (this.state === 'half-open' && mayProbe && !this.#probing) {
      this.#probing = true;
      return { admitted: true, end: once((outcome) => this.#probed(outcome)) };
    }
    return { admitted: false, retryAfterSeconds: Math.max(1, Math.ceil((openUntil - this.clock.elapsed()) / 1000)) };
  }

  #count(outcome: CallOutcome): void {
    // A call begun before the breaker opened has nothing to add.
    if (outcome === 'unknown' || this.#openUntil !== undefined) return;
    const now = this.clock.elapsed();
    while (this.#seconds[0] && this.#seconds[0].from <= now - windowMs) this.#seconds.shift();
    let last = this.#seconds.at(-1);
    if (!last || now - last.from >= slotMs) this.#seconds.push((last = { from: now, calls: 0, ill: 0 }));
    last.calls++;
    if (outcome === 'ill') last.ill++;
    const sum = (of: 'calls' | 'ill') => this.#seconds.reduce((total, second) => total + second[of], 0);
    if (sum('calls') >= minimumCalls && sum('ill') >= sum('calls') * failureRatio) this.#open(firstOpenMs);
  }

  #probed(outcome: CallOutcome): void {
    this.#probing = false;
    if (outcome === 'ill') this.#open(Math.min(this.#openMs * 2, longestOpenMs));
    if (outcome === 'well') this.#openUntil = undefined;
  }

  #open(forMs: number): void {
    this.#openMs = forMs;
    this.#openUntil = this.clock.elapsed() + forMs;
    this.#seconds = [];
  }
}

function once(tell: (outcome: CallOutcome) => void): (outcome: CallOutcome) => void {
  let told = false;
  return (outcome) => {
    if (!told) tell(outcome);
    told = true;
  };
}
