import fc from 'fast-check';
import {
  afterAttempts,
  afterFailure,
  type EndpointHealth,
  healthy,
  type HealthRules,
  isGivenUp,
  probePauseMs,
} from './health.js';

const hour = 3_600_000;
const rules: HealthRules = {
  breakerFailures: 10,
  probeMs: 1000,
  probeMaxMs: 300_000,
  spreadMs: 12 * hour,
  disableAfterMs: 120 * hour,
};

/** Failures at these hours, none of them a probe; the hour at which the webhook is given up, if any. */
function givenUpAt(hours: readonly number[], from: EndpointHealth = healthy): number | undefined {
  let health = from;
  return hours.find((at) => {
    health = afterFailure(health, { at: at * hour, probe: false }, rules);
    return isGivenUp(health, at * hour, rules);
  });
}

describe('the health of a webhook', () => {
  it('gives it up five days after its failures were more than twelve hours apart', () => {
    expect(givenUpAt([0, 1, 12, 13, 100, 132, 133, 134])).toBe(133);
  });

  it('never gives it up for a short outage, however many attempts fail in it', () => {
    expect(givenUpAt(Array.from({ length: 1000 }, (_, n) => (n * 12) / 1000))).toBeUndefined();
  });

  it('never gives it up before five days and twelve hours of failures alone, whatever their pace', () => {
    const waits = fc.array(fc.double({ min: 0, max: 80, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(waits, (gaps) => {
        let now = 0;
        const hours = gaps.map((gap) => (now += gap));
        const at = givenUpAt(hours);
        if (at !== undefined) expect(at - (hours[0] ?? 0)).toBeGreaterThan(132 - 1e-6);
        // And it does not wait for ever either.
        else expect((hours.at(-1) ?? 0) - (hours[0] ?? 0)).toBeLessThan(132 + 2 * Math.max(...gaps) + 1e-6);
      }),
    );
  });

  it('forgets everything with one success', () => {
    const nearly = [0, 13, 132].reduce(
      (health, at) => afterFailure(health, { at: at * hour, probe: false }, rules),
      healthy,
    );
    expect(givenUpAt([133], nearly)).toBe(133);
    expect(givenUpAt([133, 140, 200], healthy)).toBeUndefined();
  });

  it('spares it from the tenth failure in a row on, with pauses that double up to their bound', () => {
    let health = healthy;
    const pauses: (number | null)[] = [];
    for (let n = 1; n <= 22; n++) {
      health = afterFailure(health, { at: n, probe: n > 12 }, rules);
      pauses.push(probePauseMs(health, rules, 0.5));
    }
    expect(pauses.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => null));
    // The eleventh and the twelfth were under way when the tenth failed: they are no probes and lengthen nothing.
    expect(pauses.slice(9)).toEqual([
      ...[1000, 1000, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000],
    ]);
  });

  it('keeps every pause within ten percent of its bounds', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (probes, random) => {
        const pause = probePauseMs({ ...healthy, consecutiveFailures: 10, failedProbes: probes }, rules, random);
        expect(pause).toBeGreaterThanOrEqual(900);
        expect(pause).toBeLessThanOrEqual(330_000);
      }),
    );
  });
});

describe('the health of a webhook after several attempts', () => {
  it('is the same, and it is given up as surely, however they are divided', () => {
    const attempt = fc.record({
      taken: fc.boolean(),
      at: fc.integer({ min: 0, max: 300 }).map((hours) => hours * hour),
      probe: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 12 }), fc.nat(12), (attempts, cut) => {
        const all = [...attempts].sort((one, other) => one.at - other.at);
        const first = afterAttempts(healthy, all.slice(0, cut), rules);
        const second = afterAttempts(first.health, all.slice(cut), rules);
        expect(afterAttempts(healthy, all, rules)).toEqual({
          health: second.health,
          givenUp: first.givenUp || second.givenUp,
        });
        if (all.at(-1)?.taken) expect(second.health).toEqual(healthy);
      }),
    );
  });

  it('is given up for a failure that was one too many, though a success came after it', () => {
    const failure = (hours: number) => ({ taken: false, at: hours * hour, probe: false });
    const attempts = [failure(0), failure(13), failure(133), { ...failure(134), taken: true }];
    expect(afterAttempts(healthy, attempts, rules)).toEqual({ health: healthy, givenUp: true });
  });
});
