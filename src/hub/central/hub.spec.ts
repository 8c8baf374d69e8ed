import fc from 'fast-check';
import { HubWorld } from '../../../test/support/a-hub-world.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import type { FromHub, ToHub } from '../messages.js';
import { Hub } from './hub.js';
import { BudgetSizes } from './sizes.js';

const names = ['a', 'b', 'c'] as const;
const aName = fc.constantFrom(...names);
const aFate = fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 3 }), { maxLength: 12 });
const aStep = fc.record({
  what: fc.constantFrom('nothing', 'kill hub', 'start hub', 'start hub beside', 'restart', 'partition', 'heal', 'heal'),
  name: aName,
  fate: aFate,
  seconds: fc.constantFrom(0.3, 1, 3, 12),
});

describe('a hub and its instances', () => {
  it('never have more than burst + rate x t in any time, whatever happens to processes and messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 3, maxLength: 10 }), async (steps) => {
        const world = new HubWorld(names);
        await world.live(2);
        for (const { what, name, fate, seconds } of steps) {
          world.fate(fate);
          if (what === 'kill hub') world.killHub();
          if (what === 'start hub') world.startHub();
          if (what === 'start hub beside') world.startHub(name);
          if (what === 'restart') world.start(name);
          if (what === 'partition') world.partition(name);
          if (what === 'heal') world.heal(name);
          await world.live(seconds);
        }
        expect(world.excess).toBeLessThanOrEqual(0.5 + world.leaseChanges);
        expect(world.had.length).toBeGreaterThan(0);
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('never have more where the next hub lives in the process of one of them', async () => {
    const world = new HubWorld(['a']);
    await world.live(3);
    world.startHub('a');
    await world.live(3);
    world.startHub('a');
    await world.live(3);
    expect(world.excess).toBeLessThanOrEqual(0.5);
    expect(world.had.length).toBeGreaterThan(0);
  });

  it('come back to the full rate after everything', async () => {
    const world = new HubWorld(names);
    await world.live(3);
    world.killHub();
    await world.live(15);
    world.startHub();
    await world.live(20);
    const before = world.had.length;
    await world.live(5);
    expect(world.had.length - before).toBeGreaterThanOrEqual(45);
    expect(world.excess).toBeLessThanOrEqual(0.5);
  });
});

/** A hub with one guest, and what it was told. */
function aGuest(name = 'a') {
  const clock = new ManualClock();
  const sizes = new BudgetSizes();
  sizes.declare('one', { rate: 10, burst: 10 });
  const outdated: number[] = [];
  const hub = new Hub({ clock, timers: clock, sizes, epoch: 3, outdated: (epoch) => void outdated.push(epoch) });
  const words: FromHub[] = [];
  const cuts: string[] = [];
  const seat = hub.attach(name, { say: (word) => void words.push(word), cut: (reason) => void cuts.push(reason) });
  const hello = (changes: object = {}) =>
    seat.receive({
      ...{ type: 'hello', v: 1, instance: name, at: 5, held: { share: 0, leftMs: 0, known: false }, epoch: 0 },
      ...changes,
    } as ToHub);
  return { clock, hub, seat, words, cuts, outdated, hello };
}

describe('a hub', () => {
  it('welcomes an instance with a lease and with what is known of every budget', () => {
    const { hello, words } = aGuest();
    hello();
    expect(words.map(({ type, epoch }) => `${type} ${epoch}`)).toEqual(['lease 3', 'limits 3']);
    expect(words[0]).toMatchObject({ share: 0.9, askedAt: 5 });
  });

  it.each([
    ['of another version', { v: 2 }, 'VERSION'],
    ['that says it is another one', { instance: 'b' }, 'NOT_YOU'],
  ])('sends an instance away %s', (_what, changes, code) => {
    const { hello, cuts, words } = aGuest();
    hello(changes);
    expect(cuts).toEqual([code]);
    expect(words).toMatchObject([{ type: 'error', code }]);
  });

  it('hears that it is not the hub any more', () => {
    const { hello, cuts, outdated } = aGuest();
    hello({ epoch: 4 });
    expect([cuts, outdated]).toEqual([['OUTDATED'], [4]]);
  });

  it('grants nothing to who has not presented itself', () => {
    const { seat, cuts } = aGuest();
    seat.receive({ type: 'lease', budget: 'one', wants: [{ lane: 'job', tenant: 't', weight: 1, calls: 1 }] });
    expect(cuts).toEqual(['HELLO_FIRST']);
  });

  it('grants no more than there is, whatever numbers it is told', () => {
    const aNumber = fc.oneof(fc.constantFrom(NaN, -1, Infinity, -Infinity, 1e308, 0.5), fc.integer());
    const aMessage = fc.oneof(
      fc.record({
        type: fc.constant('lease'),
        budget: fc.constant('one'),
        wants: fc.array(
          fc.record({
            lane: fc.constantFrom('job', 'bulk', '__proto__'),
            ...{ tenant: fc.constantFrom('t', '__proto__'), weight: aNumber, calls: aNumber },
          }),
        ),
        heard: aNumber,
      }),
      fc.record({ type: fc.constant('release'), budget: fc.constant('one'), calls: aNumber }),
      fc.record({ type: fc.constant('renew'), at: aNumber, confirms: aNumber }),
      fc.record({
        type: fc.constant('report'),
        budget: fc.constantFrom('one', '__proto__'),
        ahead: aNumber,
        became: fc.array(
          fc.record({
            tenant: fc.constant('t'),
            ...{ accepted: aNumber, failed: aNumber, throttled: aNumber, ms: aNumber, retryAfterMs: aNumber },
          }),
          { maxLength: 3 },
        ),
      }),
      fc.constant({ type: '__proto__' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(aMessage, fc.integer({ min: 0, max: 500 })), { maxLength: 40 }), (said) => {
        const { hello, seat, words, clock } = aGuest();
        hello();
        let [seconds, asked, counted, had, back] = [0, 0, 0, 0, 0];
        const judge = () => {
          for (const word of words.slice(counted))
            if (word.type === 'grant') had += word.granted.reduce((sum, { calls }) => sum + calls, 0);
          counted = words.length;
          // Of what it says that it gives back, it had no more than it had been granted.
          expect(had).toBeLessThanOrEqual(10.5 + 10 * seconds + back);
        };
        for (const [message, ms] of said) {
          if (message.type === 'release') asked = Math.min(10_000, Math.max(0, Math.floor(Number(message.calls) || 0)));
          else asked = 0;
          back += Math.min(asked, had - back);
          seat.receive(message as unknown as ToHub);
          judge();
          clock.pass(ms / 1000);
          seconds += ms / 1000;
          judge();
        }
        for (const word of words) if (word.type === 'lease') expect(word.share).toBeLessThanOrEqual(0.9);
      }),
    );
  });

  it('lets only one of a name in, the one that came last', () => {
    const { hub, cuts, hello } = aGuest();
    hello();
    hub.attach('a', { say: () => undefined, cut: () => undefined });
    expect(cuts).toEqual(['REPLACED']);
    expect(hub.members).toBe(1);
  });

  it('counts what a lost instance has in store until the lease of that time has ended, however often it was lost before', () => {
    const { hub, clock } = aGuest();
    const visit = () => {
      const seat = hub.attach('b', { say: () => undefined, cut: () => undefined });
      const held = { share: 0, leftMs: 0, known: false };
      seat.receive({ type: 'hello', v: 1, instance: 'b', at: 0, held, epoch: 0 });
      seat.receive({ type: 'lease', budget: 'one', wants: [{ lane: 'ahead', tenant: '', weight: 1, calls: 4 }] });
      seat.receive({ type: 'renew', at: 0, confirms: 99 });
      clock.pass(0.1);
      seat.lost();
    };
    visit();
    clock.pass(8);
    visit();
    clock.pass(4);
    expect(hub.beside.take('one', 'interactive')).toBe(false);
    clock.pass(6);
    expect(hub.beside.take('one', 'interactive')).toBe(true);
    visit();
    hub.attach('b', { say: () => undefined, cut: () => undefined }).lost();
    clock.pass(10);
    for (let n = 0; n < 8; n += 1) expect(hub.beside.take('one', 'interactive')).toBe(true);
  });

  it('hands what it has learnt to the next one', () => {
    const { hub, seat, hello, clock } = aGuest();
    hello();
    seat.receive({
      ...{ type: 'report', budget: 'one', ahead: 0 },
      became: [{ tenant: 't', accepted: 0, failed: 0, throttled: 1, retryAfterMs: 1000 }],
    });
    clock.pass(1);
    const learnt = JSON.parse(JSON.stringify(hub.learnt()));
    expect(learnt.one.good).toBeLessThan(10);
    const sizes = new BudgetSizes();
    sizes.declare('one', { rate: 10, burst: 10 });
    const next = new Hub({ clock, timers: clock, sizes, epoch: 4, learnt });
    expect(next.budgets.word('one').rate).toBeCloseTo(learnt.one.good);
    const mad = new Hub({ clock, timers: clock, sizes, epoch: 4, learnt: { one: { good: NaN, burst: -1 } as never } });
    expect(mad.budgets.word('one')).toMatchObject({ rate: 10, burst: 1 });
  });
});
