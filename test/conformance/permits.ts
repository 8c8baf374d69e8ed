import type { Permits } from '../../src/core/permits.js';
import type { TrafficClass } from '../../src/core/exchange.js';
import type { ManualClock } from '../support/an-exchange.js';

/** What a suite run needs of one implementation: two budgets, `one` and `two`, each of 10 a second with a burst of 10, still full. */
export interface PermitsRig {
  readonly permits: Permits;
  /** The time that the implementation reads. */
  readonly clock: ManualClock;
}

/** What every holder of budgets keeps to. */
export function permitsConformance(name: string, fresh: () => PermitsRig): void {
  describe(`permits: ${name}`, () => {
    let rig: PermitsRig;
    const granted = (budget: string, tries: number, traffic: TrafficClass = 'interactive') =>
      Array.from({ length: tries }, () => rig.permits.take(budget, traffic)).filter((decision) => decision.granted)
        .length;

    beforeEach(() => {
      rig = fresh();
    });

    it('grants the burst at once, then no more than the rate', () => {
      expect(granted('one', 50)).toBe(10);
      rig.clock.pass(1);
      expect(granted('one', 50)).toBe(10);
      rig.clock.pass(0.5);
      expect(granted('one', 50)).toBe(5);
    });

    it('tells the true wait: nothing before it, a permit after it', () => {
      granted('one', 50);
      const refused = rig.permits.take('one', 'interactive');
      if (refused.granted) throw new Error('It was granted');
      rig.clock.pass(refused.retryAfterSeconds - 0.01);
      expect(granted('one', 1)).toBe(0);
      rig.clock.pass(0.01);
      expect(granted('one', 1)).toBe(1);
    });

    it('takes a permit back once, however often it is given back', () => {
      const decision = rig.permits.take('one', 'interactive');
      if (!decision.granted) throw new Error('It was refused');
      granted('one', 50);
      decision.permit.release();
      decision.permit.release();
      expect(granted('one', 50)).toBe(1);
    });

    it('leaves something to people when workers have taken all they may', () => {
      const bulk = granted('one', 50, 'bulk');
      const job = granted('one', 50, 'job');
      expect(bulk).toBeGreaterThan(0);
      expect(job).toBeGreaterThan(0);
      expect(granted('one', 50)).toBeGreaterThan(0);
    });

    it('keeps two budgets apart', () => {
      granted('one', 50);
      rig.permits.throttled('one', 30);
      expect(granted('two', 50)).toBe(10);
    });

    it('pauses for as long as the OPCO asks after a 429, then goes on slower', () => {
      rig.permits.throttled('one', 4);
      rig.clock.pass(3.9);
      expect(granted('one', 50)).toBe(0);
      rig.clock.pass(0.1);
      rig.clock.pass(1);
      const firstSecond = granted('one', 50);
      expect(firstSecond).toBeGreaterThan(0);
      expect(firstSecond).toBeLessThan(10);
    });

    it('waits where the OPCO itself says that its window is used up, without a refusal', () => {
      const headers = { ratelimit: '"s";r=0;t=3', 'ratelimit-policy': '"s";q=10;w=1' };
      rig.permits.answered('one', { tenant: 'a', ms: 20, failed: false, headers });
      expect(granted('one', 50)).toBe(0);
      rig.clock.pass(4.01);
      expect(granted('one', 50)).toBe(10);
    });

    it('goes slower where calls fail, without a pause', () => {
      for (let n = 0; n < 20; n += 1) rig.permits.answered('one', { tenant: 'a', ms: 20, failed: true, headers: {} });
      granted('one', 50);
      rig.clock.pass(1);
      const aSecond = granted('one', 50);
      expect(aSecond).toBeGreaterThan(0);
      expect(aSecond).toBeLessThan(10);
    });

    it("lets one tenant's refusals at its own key shrink that tenant alone", () => {
      const serve = (tenant: string) => rig.permits.answered('one', { tenant, ms: 20, failed: false, headers: {} });
      for (const tenant of ['b', 'c', 'd', 'b', 'c', 'd']) serve(tenant);
      for (let n = 0; n < 3; n += 1) {
        rig.permits.throttled('one', 1, 'noisy');
        rig.clock.pass(1.1);
        serve('b');
      }
      rig.permits.throttled('one', 30, 'noisy');
      rig.clock.pass(5);
      expect(rig.permits.take('one', 'interactive', 'noisy')).toMatchObject({ granted: false, ofOne: true });
      expect(rig.permits.take('one', 'interactive', 'b').granted).toBe(true);
      granted('one', 50);
      rig.clock.pass(1);
      expect(granted('one', 50)).toBe(10);
    });

    it("keeps two tenants on one backend from spending a budget twice: the budget is the OPCO's", () => {
      expect(granted('one', 6) + granted('one', 6)).toBe(10);
    });
  });
}
