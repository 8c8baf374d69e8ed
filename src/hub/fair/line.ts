import { lanes, turnOrder, unused, used, type Lane, type Usage } from './classes.js';

/** What one instance wants for one tenant in one class, all told: not what is new. */
export interface Want {
  readonly lane: Lane;
  readonly tenant: string;
  readonly weight: number;
  readonly calls: number;
}

/** Whose turn it is. */
export interface Turn {
  readonly instance: string;
  readonly lane: Lane;
  readonly tenant: string;
}

/** Whoever left unserved, because its patience was over, comes back with a claim on so many turns at most. */
const mostCredit = 10;
/** So many tenants of a class that wait for nothing are remembered: those that waited last. */
const mostRemembered = 2000;

interface Waiting {
  weight: number;
  /** Virtual time up to which the tenant has been served. */
  finish: number;
  calls: number;
  /** The last thing that it did was to leave unserved. */
  unserved: boolean;
  /** By instance; the next one first. */
  readonly instances: Map<string, number>;
}

interface LaneLine {
  /** Those that wait, and no others: they are looked through at every turn. */
  readonly tenants: Map<string, Waiting>;
  /** Those that wait for nothing now but have had more than others, or less; the longest gone first. */
  readonly remembered: Map<string, Waiting>;
  /** Virtual time: the start of the latest turn. */
  clock: number;
  calls: number;
}

/**
 * Everybody who waits for a call to one OPCO, and who is next: a class by `turnOrder`, in it the tenant that has had least for its
 * weight (start-time fair queueing), of its instances the one that waited longest. Knows no time and no rate.
 */
export class Line {
  #usage: Usage = unused;
  readonly #lanes: Readonly<Record<Lane, LaneLine>> = {
    interactive: emptyLane(),
    job: emptyLane(),
    poll: emptyLane(),
    bulk: emptyLane(),
    ahead: emptyLane(),
  };

  /** Replaces all that an instance wants; what it wants still keeps its place. */
  set(instance: string, wants: readonly Want[]): void {
    const wanted = new Map<string, Want>();
    for (const want of wants) {
      const known = wanted.get(`${want.lane} ${want.tenant}`);
      wanted.set(`${want.lane} ${want.tenant}`, known ? { ...want, calls: known.calls + want.calls } : want);
    }
    for (const lane of lanes) {
      const line = this.#lanes[lane];
      for (const [tenant, waiting] of line.tenants) {
        const calls = waiting.instances.get(instance);
        if (calls === undefined || (wanted.get(`${lane} ${tenant}`)?.calls ?? 0) > 0) continue;
        waiting.instances.delete(instance);
        waiting.unserved = true;
        drop(line, { tenant, waiting, calls });
      }
    }
    for (const want of wanted.values()) if (want.calls > 0) this.#want(this.#lanes[want.lane], instance, want);
  }

  /** Forgets what an instance wants. */
  leave(instance: string): void {
    this.set(instance, []);
  }

  /** Whether nobody at all waits. */
  get empty(): boolean {
    return lanes.every((lane) => this.#lanes[lane].calls === 0);
  }

  /** Calls that wait in a class, those of tenants that are blocked and those of one instance left aside. */
  waiting(lane: Lane, blocked?: (tenant: string) => boolean, except?: string): number {
    const line = this.#lanes[lane];
    if (line.calls === 0 || (!blocked && except === undefined)) return line.calls;
    let all = 0;
    for (const [tenant, waiting] of line.tenants) {
      const calls = waiting.calls - (except === undefined ? 0 : (waiting.instances.get(except) ?? 0));
      if (calls > 0 && !blocked?.(tenant)) all += calls;
    }
    return all;
  }

  /** The tenants that wait for anything. */
  tenants(): Set<string> {
    const names = new Set<string>();
    for (const lane of lanes) for (const tenant of this.#lanes[lane].tenants.keys()) names.add(tenant);
    return names;
  }

  /**
   * Whose turn it is; undefined when nobody may have one. As soon as any class that waits may go, the turn is that of the first by
   * `turnOrder`: if each class had to wait until it may go itself, those that leave more to others would get nothing beside one that
   * takes every call as it falls due.
   */
  next(mayGo: (lane: Lane) => boolean, blocked?: (tenant: string) => boolean): Turn | undefined {
    let first: { readonly lane: Lane; readonly tenant: string } | undefined;
    for (const lane of turnOrder(this.#usage)) {
      const line = this.#lanes[lane];
      if (line.calls === 0) continue;
      const tenant = leastServed(line, blocked);
      if (tenant === undefined) continue;
      first ??= { lane, tenant };
      if (mayGo(lane)) return this.#serve(first.lane, first.tenant);
    }
    return undefined;
  }

  #want(line: LaneLine, instance: string, { tenant, weight, calls }: Want): void {
    const waiting = line.tenants.get(tenant) ??
      line.remembered.get(tenant) ?? {
        ...{ weight, finish: line.clock, calls: 0, unserved: false },
        instances: new Map<string, number>(),
      };
    waiting.weight = weight;
    // Who wanted nothing comes back as who it is now, not with a claim on the past.
    if (waiting.calls === 0)
      waiting.finish = Math.max(waiting.finish, line.clock - (waiting.unserved ? mostCredit * turnOf(waiting) : 0));
    const more = calls - (waiting.instances.get(instance) ?? 0);
    waiting.instances.set(instance, calls);
    waiting.calls += more;
    line.calls += more;
    line.tenants.set(tenant, waiting);
    line.remembered.delete(tenant);
  }

  #serve(lane: Lane, tenant: string): Turn | undefined {
    const line = this.#lanes[lane];
    const waiting = line.tenants.get(tenant);
    const [instance, calls] = waiting?.instances.entries().next().value ?? [];
    if (!waiting || instance === undefined || calls === undefined) return undefined;
    line.clock = Math.max(line.clock, waiting.finish);
    waiting.finish = Math.max(waiting.finish, line.clock - mostCredit * turnOf(waiting)) + turnOf(waiting);
    waiting.unserved = false;
    waiting.instances.delete(instance);
    if (calls > 1) waiting.instances.set(instance, calls - 1);
    drop(line, { tenant, waiting, calls: 1 });
    this.#usage = used(this.#usage, lane);
    return { instance, lane, tenant };
  }
}

function emptyLane(): LaneLine {
  return { tenants: new Map(), remembered: new Map(), clock: 0, calls: 0 };
}

function leastServed({ tenants }: LaneLine, blocked: ((tenant: string) => boolean) | undefined): string | undefined {
  let [best, least]: [string | undefined, number] = [undefined, Infinity];
  for (const [tenant, { finish }] of tenants) {
    if (finish >= least || blocked?.(tenant)) continue;
    [best, least] = [tenant, finish];
  }
  return best;
}

/** A tenant that waits for nothing and owes nothing is forgotten; one that was just served is remembered for its next want. */
function drop(line: LaneLine, { tenant, waiting, calls }: { tenant: string; waiting: Waiting; calls: number }): void {
  waiting.calls -= calls;
  line.calls -= calls;
  if (waiting.calls > 0) return;
  line.tenants.delete(tenant);
  const owed = waiting.unserved ? mostCredit * turnOf(waiting) : 0;
  if (waiting.finish > line.clock - owed) line.remembered.set(tenant, waiting);
  const [longestGone] = line.remembered.keys();
  if (longestGone !== undefined && line.remembered.size > mostRemembered) line.remembered.delete(longestGone);
}

/** What a turn costs in virtual time. */
function turnOf({ weight }: Pick<Waiting, 'weight'>): number {
  return 1 / Math.max(1e-3, weight);
}
