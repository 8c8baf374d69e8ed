import { HubWorld } from './hub-world.mjs';
import { simulatedOpco } from './simulated-opco.mjs';
import { chance, VirtualTime } from './virtual-time.mjs';

const budget = 'opco';

/** Exponentially distributed around a mean. */
const spread = (random, mean) => -Math.log(1 - random()) * mean;

/** Those who ask: each call, what comes of it, and what is seen of it. */
class Callers {
  seen = { sent: [], accepted: [], refused: [], people: [], served: new Map(), learnt: [] };

  constructor(world, options, random) {
    this.world = world;
    this.time = world.time;
    this.options = options;
    this.random = random;
    this.ask = simulatedOpco(options.kind, options.limitAt);
  }

  call(permits, tenant, done) {
    const { time, seen } = this;
    seen.sent.push(time.elapsed());
    time.after(30 + this.random() * 6, () => {
      const at = time.elapsed();
      const retryAfter = this.ask(at);
      (retryAfter > 0 ? seen.refused : seen.accepted).push(at);
      if (retryAfter === 0) seen.served.set(tenant, [...(seen.served.get(tenant) ?? []), at]);
      time.after(30, () => {
        if (retryAfter > 0) permits.throttled(budget, retryAfter, tenant);
        else permits.answered(budget, { tenant, ms: 60, failed: false, headers: {} });
        done(retryAfter);
      });
    });
  }

  /** Always has more to ask; waits as long as it is told to. */
  work(permits, traffic, tenant) {
    const { time, world } = this;
    const again = () => {
      if (![...world.instances.values()].includes(permits)) return;
      void permits.ask(budget, traffic, { tenant, patienceMs: 1000 }).then((decision) => {
        if (!decision.granted) time.after(Math.max(1, Math.ceil(decision.retryAfterSeconds)) * 1000, again);
        else this.call(permits, tenant, (wait) => time.after(wait * 1000, again));
      });
    };
    time.after(this.random() * 1000, again);
  }

  /** Comes at any time, whether the one before has been served or not. */
  visit() {
    const { time, world, seen, random } = this;
    const { people = 0.1, limitAt } = this.options;
    if (people === 0) return;
    time.after(spread(random, 1000 / (people * limitAt(time.elapsed()))), () => {
      const all = [...world.instances.values()];
      const permits = all[Math.floor(random() * all.length)];
      const begun = time.elapsed();
      const tenant = `p${Math.floor(random() * 10)}`;
      void permits?.ask(budget, 'interactive', { tenant, patienceMs: 250 }).then((decision) => {
        seen.people.push({ at: begun, ms: decision.granted ? time.elapsed() - begun : Infinity });
        if (decision.granted) this.call(permits, tenant, () => undefined);
      });
      this.visit();
    });
  }

  employ(permits) {
    const { tenants = 20, workers = 2, traffic = 'bulk' } = this.options;
    for (let tenant = 0; tenant < tenants; tenant += 1)
      for (let n = 0; n < workers; n += 1) this.work(permits, tenant % 4 === 3 ? 'job' : traffic, `t${tenant}`);
  }
}

/**
 * One run: tenants that always have more to ask, people that come now and then, an OPCO whose true limit moves, and what happens to
 * instances and hubs meanwhile (`events`: `[second, (world, employ) => ...]`).
 */
export async function run(options) {
  const { seconds, size, instances = 4, seed = 1, delayMs = 2, events = [] } = options;
  const time = new VirtualTime();
  const world = new HubWorld(time, { size, instances, delayMs, seed: seed + 1 });
  const callers = new Callers(world, options, chance(seed));
  for (const permits of world.instances.values()) callers.employ(permits);
  callers.visit();
  for (const [second, happen] of events)
    time.after(second * 1000, () => happen(world, (permits) => callers.employ(permits)));
  const look = () => [time.elapsed() / 1000, world.hub?.budgets.word(budget).rate ?? null];
  time.every(1000, () => callers.seen.learnt.push(look()));
  await time.until(seconds * 1000);
  return callers.seen;
}

/** How many of a sorted list lie in a span of seconds. */
export const between = (list, from, to) => list.filter((at) => at >= from * 1000 && at < to * 1000).length;

/** By how many calls any window held more than burst + rate x its length; at most 0 where the allowance was kept to. */
export function excess(sent, { rate, burst }) {
  let [most, least] = [-Infinity, Infinity];
  sent.forEach((at, rank) => {
    least = Math.min(least, rank - (rate * at) / 1000);
    most = Math.max(most, rank + 1 - (rate * at) / 1000 - least - burst);
  });
  return most;
}

/** Seconds from a change until five seconds in a row use 90 % of the new limit with at most one refusal. */
export function recovered({ accepted, refused }, from, to, limit) {
  for (let at = from; at < to - 5; at += 0.5) {
    if (between(accepted, at, at + 5) >= 0.9 * 5 * limit && between(refused, at, at + 5) <= 1) return at - from;
  }
  return undefined;
}

/** Jain's index of what each was served in a span. */
export function jain(served, names, from, to) {
  const values = names.map((name) => between(served.get(name) ?? [], from, to));
  const [sum, squares] = values.reduce(([a, b], value) => [a + value, b + value * value], [0, 0]);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}

/** The wait that so many of a hundred stay below. */
export function percentile(list, percent) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}
