/** Decayed counts of one tenant's calls, or of all. */
interface Count {
  readonly accepted: number;
  readonly throttled: number;
  readonly at: number;
}

const memoryMs = 10_000;
/** So many refusals of one tenant alone, while so many calls of others pass, are that tenant's own. */
const enoughRefusals = 2.5;
const enoughOthers = 4;
const mostTenants = 1000;
const none: Count = { accepted: 0, throttled: 0, at: 0 };

/** Who was refused, and who was served, in the last seconds; told the time, asking none. */
export class Attribution {
  #all = none;
  readonly #tenants = new Map<string, Count>();

  /** How many tenants called of late. */
  active(now: number): number {
    this.#forget(now);
    return this.#tenants.size;
  }

  /** Notes what became of calls. */
  note(tenant: string, became: 'accepted' | 'throttled', now: number, calls = 1): void {
    const more = { accepted: 0, throttled: 0, [became]: calls };
    this.#all = added(this.#all, more, now);
    this.#tenants.set(tenant, added(this.#tenants.get(tenant) ?? none, more, now));
    if (this.#tenants.size > mostTenants) this.#forget(now);
  }

  /**
   * Whether the refusals of late are this tenant's own, at the key that it has with the OPCO: it is refused again and again while
   * others are not, and they do call. Then the budget of all stays as it is, and the tenant's own is cut.
   */
  ownStorm(tenant: string, now: number): boolean {
    const own = added(this.#tenants.get(tenant) ?? none, none, now);
    const all = added(this.#all, none, now);
    const others = { accepted: all.accepted - own.accepted, throttled: all.throttled - own.throttled };
    return (
      own.throttled >= enoughRefusals && others.accepted >= enoughOthers && others.throttled <= own.throttled * 0.1
    );
  }

  #forget(now: number): void {
    for (const [name, { at }] of this.#tenants) if (now - at > memoryMs) this.#tenants.delete(name);
  }
}

function added(count: Count, more: Pick<Count, 'accepted' | 'throttled'>, now: number): Count {
  const left = Math.exp(-Math.max(0, now - count.at) / memoryMs);
  return {
    accepted: count.accepted * left + more.accepted,
    throttled: count.throttled * left + more.throttled,
    at: now,
  };
}
