import fc from 'fast-check';
import { chance, drawn } from './chance.js';
import { endOfTime, VirtualClock } from './virtual-clock.js';

/** A clock that a test moves by hand. */
function handClock(start = 0) {
  let time = start;
  return { now: () => time, elapsed: () => time, move: (ms: number) => void (time += ms) };
}

describe('the virtual clock', () => {
  it('runs at its speed from its base, and jumps when told', () => {
    const clock = handClock(1000);
    const virtual = new VirtualClock(clock, 10);
    clock.move(100);
    expect(virtual.now()).toBe(2000);
    virtual.advance(5);
    expect(virtual.now()).toBe(7000);
    virtual.run(1);
    clock.move(100);
    expect(virtual.now()).toBe(7100);
    virtual.set(0);
    expect(virtual.now()).toBe(0);
  });

  it('stops where dates would lose their four digits', () => {
    const clock = handClock();
    const virtual = new VirtualClock(clock, 10_000_000);
    clock.move(1e15);
    expect(virtual.now()).toBe(endOfTime);
    virtual.advance(1e300);
    expect(new Date(virtual.now()).toISOString()).toBe('9900-01-01T00:00:00.000Z');
  });
});

describe('chance', () => {
  it('depends on the seed and the names alone, and keeps its bounds', () => {
    expect(chance('a', 'x', 1)).toBe(chance('a', 'x', 1));
    expect(chance('a', 'x', 1)).not.toBe(chance('b', 'x', 1));
    fc.assert(
      fc.property(fc.string(), fc.nat(9), (seed, span) => {
        const number = drawn(3, 3 + span, seed, 'x');
        return number >= 3 && number <= 3 + span;
      }),
    );
  });
});
