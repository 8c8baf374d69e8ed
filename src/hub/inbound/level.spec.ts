import fc from 'fast-check';
import { Level, requestUnits, roomIn, waitFor } from './level.js';

describe('the level of an inbound bucket', () => {
  it('lets in no more than limit + rate x time, whatever the rhythm', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 300, size: 'max' }),
        (perMinute, pauses) => {
          const level = new Level(perMinute);
          let [now, admitted] = [0, 0];
          for (const ms of pauses) {
            now += ms;
            level.drain(now);
            if (level.waitSeconds > 0) continue;
            level.take(1);
            admitted += 1;
          }
          expect(admitted).toBeLessThanOrEqual(perMinute + (perMinute * now) / 60_000);
        },
      ),
    );
  });

  it('has room for one after exactly the wait that it names, and not a microsecond before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (limit, part) => {
          const debt = Math.round((limit - part) * requestUnits);
          const waitMicros = Math.round(waitFor(limit, debt) * 1e6);
          expect(roomIn(limit, debt - waitMicros * limit)).toBeGreaterThanOrEqual(1);
          if (waitMicros > 0) expect(roomIn(limit, debt - (waitMicros - 1) * limit)).toBe(0);
        },
      ),
    );
  });

  it('never shows less than nothing, even when the limit was lowered meanwhile', () => {
    expect(roomIn(1, 50 * requestUnits)).toBe(0);
  });
});
