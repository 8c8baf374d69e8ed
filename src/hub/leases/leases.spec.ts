import fc from 'fast-check';
import { Holding, type HubWord } from './holding.js';
import { LeaseBook, safeShare, type LeaseTimes } from './lease-book.js';

const times: LeaseTimes = { leaseMs: 1000, quietMs: 250, forgetMs: 100_000 };
const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];

interface Letter {
  readonly at: number;
  deliver(now: number): void;
}

/** A hub, its successor, four instances whose clocks differ, and a network that delays, doubles, drops and reorders. */
class World {
  now = 0;
  epoch = 1;
  book: LeaseBook | undefined = new LeaseBook(times, 0);
  readonly holdings = new Map<Name, Holding>();
  readonly #letters: Letter[] = [];
  readonly #sentAt = new Map<string, number>();
  #n = 0;
  /** The hub that each instance is connected to: nothing of an earlier connection arrives after the first word over the next. */
  readonly #connected = new Map<Name, number>();

  #clock(name: Name): number {
    return this.now + names.indexOf(name) * 1e7;
  }

  start(name: Name): void {
    this.holdings.set(name, new Holding(times));
  }

  kill(name: Name): void {
    this.holdings.delete(name);
    this.book?.lost(name);
  }

  /** The instance asks for a renewal; `delays` are those of the copies of both messages, none for a loss. */
  ask(name: Name, delays: readonly number[]): void {
    const holding = this.holdings.get(name);
    if (!holding) return;
    const [askedAt, confirms, epoch] = [this.#clock(name), holding.confirms, holding.epoch];
    const held = holding.held(askedAt);
    const hub = this.epoch;
    this.#connected.set(name, hub);
    for (const ms of delays) {
      this.#post(ms, () => {
        // Letters to a hub that died are lost with it.
        if (!this.book || hub !== this.epoch) return;
        this.book.join(name, held, this.now);
        const sentAt = epoch === this.epoch ? this.#sentAt.get(`${name} ${confirms}`) : undefined;
        if (sentAt !== undefined) this.book.confirmed(name, sentAt);
        this.#answer(name, askedAt, delays);
      });
    }
  }

  #answer(name: Name, askedAt: number, delays: readonly number[]): void {
    if (!this.book) return;
    const n = (this.#n += 1);
    this.#sentAt.set(`${name} ${n}`, this.now);
    const word: HubWord = { epoch: this.epoch, n, lease: { share: this.book.renew(name, this.now), askedAt } };
    for (const ms of delays) {
      this.#post(ms, () => {
        if (this.#connected.get(name) === word.epoch) this.holdings.get(name)?.hear(word, this.#clock(name));
      });
    }
  }

  #post(ms: number, deliver: () => void): void {
    this.#letters.push({ at: this.now + ms, deliver });
  }

  failOver(): void {
    const members = this.book?.members ?? 0;
    this.epoch += 1;
    this.#n = 0;
    this.#sentAt.clear();
    this.book = new LeaseBook(times, this.now, { members });
  }

  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.#letters.sort((a, b) => a.at - b.at);
      const next = this.#letters[0];
      if (!next || next.at > until) break;
      this.#letters.shift();
      this.now = Math.max(this.now, next.at);
      next.deliver(this.now);
      this.judge();
    }
    this.now = until;
    this.judge();
  }

  judge(): void {
    let [alone, leased] = [0, 0];
    for (const [name, holding] of this.holdings) {
      const clock = this.#clock(name);
      if (holding.mode(clock) === 'lease') leased += holding.aloneShare(clock);
      if (holding.confirms > 0) alone += holding.aloneShare(clock);
    }
    const sums = {
      leased,
      inBook: this.book?.leased(this.now) ?? 0,
      all: alone + (this.book?.grantable(this.now) ?? 0),
    };
    const most = Math.max(sums.leased, sums.inBook, sums.all);
    if (most > 1 + 1e-9) throw new Error(`more than there is: ${JSON.stringify(sums)}`);
  }
}

const delays = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 3 });
const aName = fc.constantFrom(...names);
const aStep = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.constant('ask' as const), aName, delays, fc.integer({ min: 0, max: 300 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('kill' as const), aName, delays, fc.integer({ min: 0, max: 300 })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('fail-over' as const), aName, delays, fc.integer({ min: 0, max: 2000 })),
  },
);

describe('leases', () => {
  it('never sum up to more than there is, nor with what is granted beside them, whatever happens to messages and hubs', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        names.forEach((name) => world.start(name));
        for (const [what, name, each, ms] of steps) {
          if (what === 'ask') world.ask(name, each);
          else if (what === 'kill') world.kill(name);
          else world.failOver();
          world.pass(ms);
        }
      }),
      { numRuns: 60 },
    );
  });

  const settled = () => {
    const world = new World();
    names.forEach((name) => world.start(name));
    for (let n = 0; n < 30; n += 1) {
      names.forEach((name) => world.ask(name, [1]));
      world.pass(100);
    }
    return world;
  };

  it('are equal and leave a tenth for who comes, and everything is grantable while all are in touch', () => {
    const world = settled();
    expect(world.book?.leased(world.now)).toBeCloseTo(0.9);
    expect(world.book?.grantable(world.now)).toBeCloseTo(1);
  });

  it('of a vanished instance are kept for it until they end, then its safe share, then nothing', () => {
    const world = settled();
    world.kill('a');
    const others = names.filter((name) => name !== 'a');
    const later = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        others.forEach((name) => world.ask(name, [1]));
        world.pass(100);
      }
      return world.book?.grantable(world.now);
    };
    expect(later(300)).toBeCloseTo(0.775);
    expect(later(1000)).toBeCloseTo(1 - safeShare);
    expect(later(times.forgetMs)).toBeCloseTo(1);
  });

  it('go on without the hub until they end, then the safe share does: never everything, never nothing', () => {
    const world = settled();
    const [holding] = world.holdings.values();
    world.book = undefined;
    world.pass(300);
    expect(holding?.mode(world.now)).toBe('lease');
    expect(holding?.aloneShare(world.now)).toBeCloseTo(0.225);
    world.pass(1000);
    expect(holding?.mode(world.now)).toBe('safe');
    expect(holding?.aloneShare(world.now)).toBeCloseTo(safeShare);
  });

  it('of a new hub are, for one lease, what their holders held; a newcomer waits', () => {
    const world = settled();
    world.failOver();
    world.ask('a', [1]);
    world.pass(20);
    world.ask('a', [1]);
    world.pass(20);
    expect(world.book?.learning(world.now)).toBe(true);
    expect(world.book?.grantable(world.now)).toBeCloseTo(0.225);
    world.start('d');
    world.ask('d', [1]);
    world.pass(20);
    world.ask('d', [1]);
    world.pass(20);
    expect(world.book?.grantable(world.now)).toBeCloseTo(0.225);
  });

  it('pass over words of a hub whose time is over', () => {
    const holding = new Holding(times);
    holding.hear({ epoch: 2, n: 1, lease: { share: 0.5, askedAt: 0 } }, 0);
    expect(holding.hear({ epoch: 1, n: 9, lease: { share: 1, askedAt: 0 } }, 1)).toBe(false);
    expect(holding.held(1).share).toBe(0.5);
  });
});
