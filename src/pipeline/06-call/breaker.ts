import type { Clock } from '../../core/clock.js';
import { breakerRules, type BreakerRules } from './route-class.js';

/** What a call said about the health of the OPCO: `unknown` when it was given up for reasons of our own. */
export type CallOutcome = 'well' | 'ill' | 'unknown';

/** Leave to call, whose outcome is told once; or the seconds until the next probe. */
export type Admission =
  | { readonly admitted: true; end(outcome: CallOutcome): void }
  | { readonly admitted: false; readonly retryAfterSeconds: number };

const slotMs = 1000;

/**
 * Spares an OPCO that is down, and its callers the wait. One for each class of routes.
 *
 *     closed ──enough calls, half of them ill──▶ open ──5 s, then 8 s──▶ half-open
 *       ▲                                         ▲                          │ one probe, a read
 *       ├──────────────── probe well ─────────────┼──────────────────────────┤
 *       │                                         ├──────── probe ill ───────┘
 *       └── trial well ── wary: one trial at a time ── trial ill ──▶ open
 *
 * A deposit is never the probe: what it would tell is not worth sending it into the unknown. Since the probe of the deposits' breaker
 * is a read, it proves little about them: they then go one at a time, until one went well.
 */
export class Breaker {
  /** One entry for each second of the window that saw a call, oldest first: a busy OPCO costs no more than a quiet one. */
  #seconds: { readonly from: number; calls: number; ill: number }[] = [];
  #openUntil: number | undefined;
  #openMs: number;
  /** A probe, or a trial, is under way. */
  #probing = false;
  #onTrial = false;

  constructor(
    private readonly clock: Clock,
    private readonly rules: BreakerRules = breakerRules.read,
  ) {
    this.#openMs = rules.firstOpenMs;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#openUntil === undefined) return 'closed';
    return this.clock.elapsed() < this.#openUntil ? 'open' : 'half-open';
  }

  /** Seconds to wait, where a call would not be admitted now: whoever is to stand in line first finds out beforehand. */
  refusal(mayProbe: boolean): number | undefined {
    if (this.#openUntil === undefined) return this.#onTrial && this.#probing ? 1 : undefined;
    if (mayProbe && !this.#probing && this.state === 'half-open') return undefined;
    return Math.max(1, Math.ceil((this.#openUntil - this.clock.elapsed()) / 1000));
  }

  admit(mayProbe: boolean): Admission {
    const retryAfterSeconds = this.refusal(mayProbe);
    if (retryAfterSeconds !== undefined) return { admitted: false, retryAfterSeconds };
    if (this.#openUntil === undefined && !this.#onTrial)
      return { admitted: true, end: once((outcome) => this.#count(outcome)) };
    this.#probing = true;
    const probed = this.#onTrial ? this.#tried : this.#probed;
    return { admitted: true, end: once((outcome) => probed.call(this, outcome)) };
  }

  #count(outcome: CallOutcome): void {
    // A call begun before the breaker opened has nothing to add.
    if (outcome === 'unknown' || this.#openUntil !== undefined || this.#onTrial) return;
    const { windowMs, minimumCalls, failureRatio, firstOpenMs } = this.rules;
    const now = this.clock.elapsed();
    while (this.#seconds[0] && this.#seconds[0].from <= now - windowMs) this.#seconds.shift();
    let last = this.#seconds.at(-1);
    if (!last || now - last.from >= slotMs) this.#seconds.push((last = { from: now, calls: 0, ill: 0 }));
    last.calls++;
    if (outcome === 'well') return;
    last.ill++;
    const sum = (of: 'calls' | 'ill') => this.#seconds.reduce((total, second) => total + second[of], 0);
    if (sum('calls') >= minimumCalls && sum('ill') >= sum('calls') * failureRatio) this.#open(firstOpenMs);
  }

  #probed(outcome: CallOutcome): void {
    this.#probing = false;
    if (outcome === 'ill') this.#openLonger();
    if (outcome !== 'well') return;
    this.#openUntil = undefined;
    this.#onTrial = this.rules.wary;
  }

  #tried(outcome: CallOutcome): void {
    this.#probing = false;
    if (outcome === 'ill') this.#openLonger();
    if (outcome !== 'unknown') this.#onTrial = false;
  }

  #openLonger(): void {
    this.#open(Math.min(this.#openMs * 2, this.rules.longestOpenMs));
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
