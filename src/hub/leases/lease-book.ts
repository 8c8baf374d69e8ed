/** Durations of the lease protocol, in milliseconds; both sides use the same. */
export interface LeaseTimes {
  /** A lease that is not renewed ends after this time. */
  readonly leaseMs: number;
  /** An instance that has heard nothing of the hub for so long lives on its lease. */
  readonly quietMs: number;
  /** A vanished instance is counted as living on its safe share for so long after its lease. */
  readonly forgetMs: number;
}

/** Those of the product. */
export const leaseTimes: LeaseTimes = { leaseMs: 10_000, quietMs: 2000, forgetMs: 120_000 };

/** The part of every budget, 0 to 1, that an instance without a lease may use: never everything, never nothing. */
export const safeShare = 0.1;

/** The same of an instance that came when everything was leased: what leases always leave must do for ten of them. */
export const trickleShare = safeShare / 10;

/** Leases together allow so much at most; what is granted one by one may be everything. */
const leasable = 1 - safeShare;

/** What an instance says of itself when it presents itself. */
export interface Held {
  /** Of a lease that is live, else what it has been using without one. */
  readonly share: number;
  readonly leftMs: number;
  /** Whether it has heard a hub before. */
  readonly known: boolean;
  /** Whether it lives in the hub's own process. */
  readonly beside?: boolean;
}

interface Lease {
  readonly share: number;
  readonly sentAt: number;
  readonly until: number;
}

interface Member {
  /** Oldest first; the instance may go by any of them until it confirms a later one. */
  leases: readonly Lease[];
  /** When the latest of our messages that it has confirmed was sent: until then it surely had heard of us. */
  confirmedAt: number;
  connected: boolean;
  /** In the hub's own process: in touch as long as it is connected. */
  beside: boolean;
  /** What it was using without a lease when it came: it may go on so while others' leases are not known yet. */
  readonly safe: number;
}

/** What a hub that takes over knows of the one before it. */
export interface Predecessor {
  /** Instances that may hold leases of it. */
  readonly members: number;
}

/**
 * Who holds which part of the budgets. Durations only: nothing depends on the clocks of two hosts agreeing.
 *
 *     in touch ──nothing confirmed for `quietMs`──▶ perhaps on its lease ──lease over──▶ perhaps on its safe share ──▶ forgotten
 *        ▲                                              │ heard again                        │ `forgetMs`
 *        └──────────────────────────────────────────────┴────────────────────────────────────┘
 *
 * An instance in touch calls on permits that the hub grants one by one out of `grantable`; any other may be calling on its own, so
 * that its part is taken off. The sum of live leases never exceeds nine tenths, nor 1 does what is grantable and what is used alone together.
 */
export class LeaseBook {
  readonly #members = new Map<string, Member>();
  readonly #learningUntil: number;
  readonly #strangersUntil: number;
  #strangers: number;

  constructor(
    private readonly times: LeaseTimes,
    now: number,
    { members }: Predecessor = { members: 0 },
  ) {
    this.#strangers = members;
    this.#learningUntil = members > 0 ? now + times.leaseMs : now;
    this.#strangersUntil = this.#learningUntil + times.forgetMs;
  }

  /** Whether leases of a predecessor may still be live: newcomers get nothing, holders what they hold. */
  learning(now: number): boolean {
    return now < this.#learningUntil;
  }

  /** Instances that may hold something, whether or not they are in touch: what a successor must know. */
  get members(): number {
    return this.#members.size + this.#strangers;
  }

  /** An instance presents itself with the part that it holds of an earlier lease and the time that is left of it. */
  join(name: string, held: Held, now: number): void {
    const known = this.#members.get(name);
    if (known) {
      known.connected = true;
      known.beside = held.beside === true;
      return;
    }
    const claimed = this.learning(now) && held.leftMs > 0 ? held.share : 0;
    const share = Math.max(0, Math.min(claimed, leasable - this.leased(now)));
    const leases = share > 0 ? [{ share, sentAt: now, until: now + Math.min(held.leftMs, this.times.leaseMs) }] : [];
    const safe = held.known && held.leftMs <= 0 ? Math.min(safeShare, Math.max(0, held.share)) : 0;
    if (held.known && this.#strangers > 0) this.#strangers -= 1;
    this.#members.set(name, { leases, confirmedAt: -Infinity, connected: true, beside: held.beside === true, safe });
  }

  /** The instance has confirmed a message that was sent at this time; what it held before the latest lease until then is over. */
  confirmed(name: string, sentAt: number): void {
    const member = this.#members.get(name);
    if (!member) return;
    member.confirmedAt = Math.max(member.confirmedAt, sentAt);
    const latest = member.leases.findLast((lease) => lease.sentAt <= member.confirmedAt);
    member.leases = member.leases.filter((lease) => !latest || lease.sentAt >= latest.sentAt);
  }

  /** The part that the instance may have from now on for one lease: an equal one, as far as others' live leases leave it. */
  renew(name: string, now: number): number {
    const member = this.#members.get(name);
    if (!member) return 0;
    const own = liveShare(member, now);
    const fair = this.learning(now) ? own : leasable / this.#members.size;
    const share = Math.max(0, Math.min(fair, leasable - this.#spokenFor(name, now)));
    const live = member.leases.filter(({ until }) => until > now).slice(-mostLeases);
    member.leases = [...live, { share, sentAt: now, until: now + this.times.leaseMs }];
    return share;
  }

  /** The connection is gone; whether the instance is, nobody knows. */
  lost(name: string): void {
    const member = this.#members.get(name);
    if (member) member.connected = false;
  }

  /** The instance gives back all it has and makes no call any more. */
  release(name: string): void {
    this.#members.delete(name);
  }

  /** The part of every budget, 0 to 1, that may be granted permit by permit at this moment. */
  grantable(now: number): number {
    this.#forget(now);
    if (this.learning(now)) {
      return this.#sum((each) => (this.#inTouch(each, now) ? Math.max(each.safe, liveShare(each, now)) : 0));
    }
    const alone = this.#sum((member) => (this.#inTouch(member, now) ? 0 : aloneShare(member, now)));
    return Math.max(0, 1 - this.#strangers * safeShare - alone);
  }

  /** The sum of all live leases. */
  leased(now: number): number {
    return this.#sum((member) => liveShare(member, now));
  }

  #forget(now: number): void {
    if (now >= this.#strangersUntil) this.#strangers = 0;
    for (const [name, { connected, leases }] of this.#members) {
      const ended = leases.at(-1)?.until ?? -Infinity;
      if (!connected && now > ended + this.times.forgetMs) this.#members.delete(name);
    }
  }

  /** What others may use by their leases, or on their safe share after them. */
  #spokenFor(except: string, now: number): number {
    let sum = this.learning(now) ? 0 : this.#strangers * safeShare;
    for (const [name, member] of this.#members) {
      if (name === except) continue;
      const after = member.leases.some(({ share }) => share > 0) ? safeShare : 0;
      sum += Math.max(liveShare(member, now), after);
    }
    return sum;
  }

  #inTouch({ connected, confirmedAt, beside }: Member, now: number): boolean {
    return connected && (beside || now < confirmedAt + this.times.quietMs);
  }

  #sum(part: (member: Member) => number): number {
    let sum = 0;
    for (const member of this.#members.values()) sum += part(member);
    return sum;
  }
}

/** Renewals without any confirmation between them that are remembered. */
const mostLeases = 50;

function liveShare({ leases }: Member, now: number): number {
  return leases.reduce((most, { share, until }) => (now < until ? Math.max(most, share) : most), 0);
}

/** What an instance may be using that goes by its lease, or by its safe share after it. */
function aloneShare(member: Member, now: number): number {
  return Math.max(liveShare(member, now), safeShare);
}
