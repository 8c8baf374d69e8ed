import { parseArgs } from 'node:util';
import { Delays } from './lib/delays.mjs';
import { apply, dayOf, drawLife, firstSight, kinds, seeded } from './lib/lives.mjs';
import { machine } from './lib/report.mjs';

// node bench/scale.mjs [--tenants 1000] [--dossiers 2000] [--days 30] [--share 0.2] [--of 1000]: polling in virtual
// time by the poller's own pace and plan; `--tenants` fewer than `--of` simulates a sample of them. The same seed gives the same
// figures. docs/scale.md says what comes of it. Build first.

const dist = '../dist/src/poller';
const { choosePace } = await import(`${dist}/choose-pace.js`);
const { mostDetails, planBudget, setClock, usualWeight } = await import(`${dist}/pace.js`);
const { Env } = await import('../dist/src/platform/config/env.js');

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    tenants: { ...text, default: '1000' },
    of: { ...text, default: '1000' },
    dossiers: { ...text, default: '2000' },
    opcos: { ...text, default: '4' },
    days: { ...text, default: '30' },
    share: text,
    details: text,
    /** The first days belong to the start, when every clock is new. */
    warm: { ...text, default: '5' },
    page: { ...text, default: '100' },
    seed: { ...text, default: '1' },
  },
});
const [tenants, of, dossiers, opcos, days, warmDays, pageSize, seed] = [
  ...['tenants', 'of', 'dossiers', 'opcos', 'days', 'warm', 'page', 'seed'].map((name) => Number(options[name])),
];
const env = new Env();
const share = Number(options.share ?? env.OPCOVIA_POLL_SHARE);
const least = Number(options.details ?? env.OPCOVIA_POLL_DETAILS);
const interval = env.OPCOVIA_POLL_INTERVAL_SECONDS;
const leastSeconds = env.OPCOVIA_POLL_DETAIL_SECONDS;
/** What is believed of an OPCO of which nothing was learnt. */
const callsPerSecond = 10;
const allOpcos = 11;

const [ours, fixed] = [new Delays(kinds), new Delays(kinds)];
const perHour = Array.from({ length: allOpcos }, () => new Uint32Array(days * 24 + 1));
const tally = { lists: 0, pointed: 0, due: 0, unseen: 0, unseenFixed: 0, overdue: 0 };

/** What a reader knows of some dossiers, and how long it took to learn it. */
class Reader {
  constructor(lives, delays) {
    this.lives = lives;
    this.delays = delays;
    this.dossiers = lives.map(firstSight);
    this.known = lives.map(({ changes }, index) => {
      const known = changes.findLastIndex(({ at }) => at <= 0);
      for (let at = 0; at <= known; at++) apply(this.dossiers[index], lives[index], changes[at]);
      return known;
    });
  }

  /** Reads a detail; whether anything was new. */
  read(now, index) {
    const life = this.lives[index];
    const before = this.known[index];
    for (let next = life.changes[before + 1]; next !== undefined && next.at <= now;) {
      if (next.at >= warmDays) this.delays.add(next.kind, now - next.at);
      apply(this.dossiers[index], life, next);
      next = life.changes[++this.known[index] + 1];
    }
    return this.known[index] > before;
  }

  /** Changes that nobody has seen by the end. */
  unseen() {
    return this.lives.reduce(
      (sum, { changes }, index) =>
        sum + changes.filter(({ at }, place) => place > this.known[index] && at <= days && at >= warmDays).length,
      0,
    );
  }
}

/** One tenant at one OPCO as the poller polls it: the list, then what the list points at, then what is due. */
class Target {
  calls = 0;
  #weights;

  constructor(lives, { opco, random }) {
    [this.lives, this.opco, this.random, this.reader] = [lives, opco, random, new Reader(lives, ours)];
    this.due = Float64Array.from(lives, () => random());
    this.readAt = new Float64Array(lives.length).fill(-1);
    this.observed = lives.map(() => ({ changes: 0, exposure: 0, weight: usualWeight }));
    this.found = lives.map(({ born }) => born <= 0);
    this.#weights = this.found.filter(Boolean).length * usualWeight;
  }

  /** Gives the days until the next poll. */
  poll(now) {
    const there = this.lives.reduce((sum, { born }) => sum + (born <= now ? 1 : 0), 0);
    const listCalls = Math.max(1, Math.ceil(there / pageSize));
    const plan = { callsPerSecond, share, sharedBy, listCalls, dossiers: there, weights: this.#weights };
    const turn = { now, today: dayOf(now), weights: this.#weights, budget: planBudget(plan) };
    const before = this.calls;
    this.calls += listCalls;
    tally.lists += listCalls;
    const etats = this.#readPointed(turn);
    this.#readDue(turn);
    perHour[this.opco][Math.floor(now * 24)] += this.calls - before;
    return Math.max(choosePace({ etats }, interval, this.random()), turn.budget.listSeconds) / 86_400;
  }

  #readPointed(turn) {
    const etats = new Set();
    for (const [index, { born, changes }] of this.lives.entries()) {
      if (born > turn.now) continue;
      let pointed = !this.found[index];
      for (let at = this.reader.known[index] + 1; !pointed && changes[at]?.at <= turn.now; at++)
        pointed = kinds[changes[at].kind].listed;
      if (pointed) (this.#read(turn, index), tally.pointed++);
      etats.add(this.reader.dossiers[index].cerfa.etat);
    }
    return etats;
  }

  #readDue(turn) {
    const due = [...this.lives.keys()].filter((index) => this.found[index] && this.due[index] <= turn.now);
    due.sort((one, other) => this.due[one] - this.due[other]);
    const most = mostDetails(turn.budget, least);
    for (const index of due.slice(0, most)) (this.#read(turn, index), tally.due++);
    tally.overdue += Math.max(0, due.length - most);
  }

  #read({ now, today, weights, budget }, index) {
    this.calls++;
    const changed = this.reader.read(now, index);
    const since = this.readAt[index] < 0 ? null : now - this.readAt[index];
    const observed = { ...this.observed[index], since };
    const terms = { observed, changed, weights, budget, leastSeconds, random: this.random() };
    const { inSeconds, ...seen } = setClock({ dossier: this.reader.dossiers[index], today }, terms);
    this.#weights += seen.weight - (this.found[index] ? observed.weight : 0);
    [this.observed[index], this.due[index]] = [seen, now + inSeconds / 86_400];
    [this.readAt[index], this.found[index]] = [now, true];
  }
}

/** All polls of a target; gives the calls. */
function poll(lives, { opco, random }) {
  const target = new Target(lives, { opco, random });
  for (let now = (random() * interval) / 86_400; now < days;) now += target.poll(now);
  tally.unseen += target.reader.unseen();
  return target.calls;
}

const over = new Set(['SOLDE', 'RUPTURE']);

/** The plain way: the detail of every open dossier, one after the other, by as many calls, evenly spread. */
function turnByTurn(lives, calls) {
  const reader = new Reader(lives, fixed);
  const isOpen = (now, index) => lives[index].born <= now && !over.has(reader.dossiers[index].cerfa.etat);
  for (let call = 1, index = 0; call <= calls; call++) {
    const now = (call / calls) * days;
    for (let tried = 0; tried < lives.length; tried++) {
      index = (index + 1) % lives.length;
      if (isOpen(now, index)) break;
    }
    reader.read(now, index);
  }
  tally.unseenFixed += reader.unseen();
}

/** Tenants have their dossiers at some OPCOs, in turn, so that each OPCO has as many. */
const sharedBy = Math.ceil((of * opcos) / allOpcos);
const begun = performance.now();
let [calls, most] = [0, 0];
for (let tenant = 0; tenant < tenants; tenant++) {
  for (let place = 0; place < opcos; place++) {
    const random = seeded(seed * 1_000_003 + tenant * opcos + place);
    const lives = Array.from({ length: dossiers / opcos }, () => drawLife(random, days));
    const spent = poll(lives, { opco: (tenant * opcos + place) % allOpcos, random });
    turnByTurn(lives, spent);
    calls += spent;
  }
  most = Math.max(most, process.memoryUsage().rss);
}

const line = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const hours = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
process.stdout.write(
  `Node ${process.versions.node}, ${machine()}; ${tenants} of ${of} tenants, ${dossiers} dossiers each at ${opcos} OPCOs of ${allOpcos}, ` +
    `${days} days of which ${warmDays} to begin with, share ${share}; ${((performance.now() - begun) / 1000).toFixed(0)} s, ` +
    `${(most / 2 ** 20).toFixed(0)} MiB\n\n`,
);
line([
  'Change',
  'shown by',
  'seen',
  'mean h',
  'p50',
  'p95',
  'p99',
  'fixed: mean h',
  'p50',
  'p95',
  'p99',
  'mean, ratio',
]);
line(['---', '---', ...Array(10).fill('---:')]);
const every = [...kinds.keys()];
const groups = [
  ...kinds.map(({ name, listed }, kind) => [name, listed ? 'the list' : 'the detail', [kind]]),
  ['all', '', every],
];
for (const [name, where, of] of groups) {
  const [mine, plain] = [ours.of(of), fixed.of(of)];
  const figures = ({ mean, p50, p95, p99 }) => [mean, p50, p95, p99].map(hours);
  line([name, where, mine.count, ...figures(mine), ...figures(plain), (plain.mean / mine.mean).toFixed(1)]);
}
const allowed = callsPerSecond * share * 3600 * (tenants / of);
const spent = perHour.flatMap((each) => [...each.slice(warmDays * 24, days * 24)]).sort((one, other) => one - other);
process.stdout.write(
  `\nCalls an hour at an OPCO: planned on ${allowed.toFixed(0)}; mean ${(spent.reduce((sum, each) => sum + each, 0) / spent.length).toFixed(0)}, ` +
    `p99 ${spent[Math.floor(spent.length * 0.99)]}, most ${spent.at(-1)}. In all ${calls} calls: ` +
    `${((tally.lists / calls) * 100).toFixed(0)} % lists, ${((tally.pointed / calls) * 100).toFixed(0)} % pointed at, ` +
    `${((tally.due / calls) * 100).toFixed(0)} % by the clock. Put off by the limit of a poll: ${tally.overdue}. ` +
    `Unseen at the end: ${tally.unseen}, fixed ${tally.unseenFixed}.\n`,
);
