import type { PermitDecision, Permits } from '../../src/core/permits.js';
import type { TrafficClass } from '../../src/core/exchange.js';
import type { ManualClock } from '../support/an-exchange.js';

/** What a suite run needs of one implementation: two budgets, `one` and `two`, each of 10 a second with a burst of 10, still full. */
export interface PermitsRig {
  readonly permits: Permits;
  /** The time that the implementation reads. */
  readonly clock: ManualClock;
  /** One try to have a permit at this moment. */
  attempt(budget: string, traffic: TrafficClass, tenant?: string): Promise<PermitDecision>;
}

/** What every holder of budgets keeps to. */
export function permitsConformance(name: string, fresh: () => PermitsRig): void {
  describe(`permits: ${name}`, () => {
    let rig: PermitsRig;
    const granted = async (budget: string, tries: number, traffic: TrafficClass = 'interactive') => {
      let count = 0;
      for (let n = 0; n < tries; n += 1) if ((await rig.attempt(budget, traffic)).granted) count += 1;
      return count;
    };

    beforeEach(() => {
      rig = fresh();
    });

    it('grants the burst at once, then no more than the rate', async () => {
      expect(await granted('one', 50)).toBe(10);
      rig.clock.pass(1);
      expect(await granted('one', 50)).toBe(10);
      rig.clock.pass(0.5);
      expect(await granted('one', 50)).toBe(5);
    });

    it('tells the true wait: nothing before it, a permit after it', async () => {
      await granted('one', 50);
      const refused = await rig.attempt('one', 'interactive');
      if (refused.granted) throw new Error('It was granted');
      rig.clock.pass(refused.retryAfterSeconds - 0.01);
      expect(await granted('one', 1)).toBe(0);
      rig.clock.pass(0.01);
      expect(await granted('one', 1)).toBe(1);
    });

    it('takes a permit back once, however often it is given back', async () => {
      const decision = await rig.attempt('one', 'interactive');
      if (!decision.granted) throw new Error('It was refused');
      await granted('one', 50);
      decision.permit.release();
      decision.permit.release();
      expect(await granted('one', 50)).toBe(1);
    });

    it('leaves something to people when workers have taken all they may', async () => {
      const bulk = await granted('one', 50, 'bulk');
      const job = await granted('one', 50, 'job');
      expect(bulk).toBeGreaterThan(0);
      expect(job).toBeGreaterThan(0);
      expect(await granted('one', 50)).toBeGreaterThan(0);
    });

    it('keeps two budgets apart', async () => {
      await granted('one', 50);
      rig.permits.throttled('one', 30);
      expect(await granted('two', 50)).toBe(10);
    });

    it('pauses for as long as the OPCO asks after a 429, then goes on slower', async () => {
      rig.permits.throttled('one', 4);
      rig.clock.pass(3.9);
      expect(await granted('one', 50)).toBe(0);
      rig.clock.pass(0.1);
      rig.clock.pass(1);
      const firstSecond = await granted('one', 50);
      expect(firstSecond).toBeGreaterThan(0);
      expect(firstSecond).toBeLessThan(10);
    });

    it('waits where the OPCO itself says that its window is used up, without a refusal', async () => {
      const headers = { ratelimit: '"s";r=0;t=3', 'ratelimit-policy': '"s";q=10;w=1' };
      rig.permits.answered('one', { tenant: 'a', ms: 20, failed: false, headers });
      expect(await granted('one', 50)).toBe(0);
      rig.clock.pass(4.01);
      expect(await granted('one', 50)).toBe(10);
    });

    it('goes slower where calls fail, without a pause', async () => {
      for (let n = 0; n < 20; n += 1) rig.permits.answered('one', { tenant: 'a', ms: 20, failed: true, headers: {} });
      await granted('one', 50);
      rig.clock.pass(1);
      const aSecond = await granted('one', 50);
      expect(aSecond).toBeGreaterThan(0);
      expect(aSecond).toBeLessThan(10);
    });

    it("lets one tenant's refusals at its own key shrink that tenant alone", async () => {
      const serve = (tenant: string) => rig.permits.answered('one', { tenant, ms: 20, failed: false, headers: {} });
      for (const tenant of ['b', 'c', 'd', 'b', 'c', 'd']) serve(tenant);
      for (let n = 0; n < 3; n += 1) {
        rig.permits.throttled('one', 1, 'noisy');
        rig.clock.pass(1.1);
        serve('b');
      }
      rig.permits.throttled('one', 30, 'noisy');
      rig.clock.pass(5);
      expect(await rig.attempt('one', 'interactive', 'noisy')).toMatchObject({ granted: false, ofOne: true });
      expect((await rig.attempt('one', 'interactive', 'b')).granted).toBe(true);
      await granted('one', 50);
      rig.clock.pass(1);
      expect(await granted('one', 50)).toBe(10);
    });

    it("keeps two tenants on one backend from spending a budget twice: the budget is the OPCO's", async () => {
      expect((await granted('one', 6)) + (await granted('one', 6))).toBe(10);
    });

    const tenants = ['a', 'b', 'c', 'd'];

    /** Asks of so many of each tenant, and the tenants in the order in which they were served. */
    const inLine = (traffic: TrafficClass, each: number, served: string[], patienceMs = 60_000) => {
      for (let n = 0; n < each; n += 1) {
        for (const tenant of tenants) {
          void rig.permits
            .ask('one', traffic, { tenant, patienceMs })
            .then(({ granted: had }) => void (had && served.push(`${traffic} ${tenant}`)));
        }
      }
    };

    /** Lets time pass, and what waits go on. */
    const live = async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 0.05) {
        rig.clock.pass(0.05);
        await new Promise(setImmediate);
      }
    };

    it('lets those who wait have permits as they fall due, no faster', async () => {
      await granted('one', 50);
      const served: string[] = [];
      inLine('job', 10, served);
      await live(2);
      expect(served.length).toBeGreaterThanOrEqual(18);
      expect(served.length).toBeLessThanOrEqual(21);
    });

    it('serves those who wait alike, however much each asks', async () => {
      await granted('one', 50);
      const served: string[] = [];
      for (let n = 0; n < 50; n += 1) void rig.permits.ask('one', 'job', { tenant: 'greedy', patienceMs: 60_000 });
      inLine('job', 10, served);
      await live(4);
      for (const tenant of tenants)
        expect(Math.abs(served.filter((each) => each.endsWith(tenant)).length - 8)).toBeLessThanOrEqual(1);
    });

    it('lets people go before bulk traffic that waits', async () => {
      await granted('one', 50);
      const served: string[] = [];
      inLine('bulk', 20, served);
      await live(2);
      const before = served.length;
      inLine('interactive', 1, served);
      await live(0.6);
      expect(served.slice(before).filter((each) => each.startsWith('interactive'))).toHaveLength(4);
    });

    it('leaves bulk traffic what it is guaranteed while people ask for everything', async () => {
      await granted('one', 50);
      const served: string[] = [];
      inLine('interactive', 50, served);
      inLine('bulk', 20, served);
      await live(10);
      expect(served.length).toBeGreaterThanOrEqual(98);
      expect(served.filter((each) => each.startsWith('bulk')).length).toBeGreaterThanOrEqual(served.length * 0.09);
    });

    it('ends the wait with the patience, and tells a wait that is true', async () => {
      await granted('one', 50);
      inLine('interactive', 2, []);
      const asked = rig.permits.ask('one', 'interactive', { tenant: 'z', patienceMs: 90 });
      await live(0.15);
      const refused = await asked;
      if (refused.granted) throw new Error('It was granted');
      await live(refused.retryAfterSeconds);
      expect((await rig.attempt('one', 'interactive', 'z')).granted).toBe(true);
    });

    it('lets nobody stand in line for a permit that is known to come too late', async () => {
      rig.permits.throttled('one', 30);
      await live(0.05);
      const refused = await rig.permits.ask('one', 'job', { tenant: 'a', patienceMs: 1000 });
      expect(refused.granted === false && refused.retryAfterSeconds).toBeGreaterThan(29);
    });

    it('gives nothing to whoever left', async () => {
      await granted('one', 50);
      const leaving = new AbortController();
      const asked = rig.permits.ask('one', 'job', { tenant: 'a', patienceMs: 60_000, signal: leaving.signal });
      leaving.abort();
      expect((await asked).granted).toBe(false);
      await live(1);
      expect(await granted('one', 50)).toBeGreaterThanOrEqual(10);
    });
  });
}
