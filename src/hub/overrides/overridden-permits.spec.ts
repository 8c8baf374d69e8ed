import { permitsConformance } from '../../../test/conformance/permits.js';
import { permitsBesideHub } from '../../../test/support/a-hub.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { budgetKey } from '../../core/keys.js';
import { OverriddenPermits } from './overridden-permits.js';
import type { RunningOverride } from './override.js';
import { OverridesInForce } from './overrides-in-force.js';

const budget = budgetKey('akto', 'test');
const other = budgetKey('akto', 'live');

/** Permits of 10 a second with a burst of 10, and a way for staff to speak. */
function aRig() {
  const clock = new ManualClock();
  const { permits: own, sizes } = permitsBesideHub(clock);
  for (const each of [budget, other]) sizes.declare(each, { rate: 10, burst: 10, ceiling: 20 });
  let rows: RunningOverride[] = [];
  const overrides = new OverridesInForce(() => Promise.resolve(rows), sizes, clock);
  const counted: string[] = [];
  const permits = new OverriddenPermits({
    ...{ permits: own, overrides },
    shadowed: (of, traffic) => counted.push(`${of} ${traffic}`),
  });
  const say = async (...said: Partial<RunningOverride>[]) => {
    rows = said.map((row) => ({
      ...{ opcoId: 'akto', environment: 'test', rate: null, burst: null, mode: 'enforce', reason: 'essai' },
      ...{ setBy: 'staff:alix', setAt: new Date(clock.now()), expiresAt: new Date(clock.now() + 60_000) },
      ...{ leftMs: 60_000, ...row },
    }));
    await overrides.load();
  };
  const granted = (tries: number, of = budget, tenant?: string) =>
    Array.from({ length: tries }, () => permits.take(of, 'interactive', tenant)).filter((each) => each.granted).length;
  return { clock, own, sizes, overrides, permits, counted, say, granted };
}

permitsConformance('under what staff says, while it says nothing', () => {
  const clock = new ManualClock();
  const { permits: own, sizes } = permitsBesideHub(clock);
  for (const each of ['one', 'two']) sizes.declare(each, { rate: 10, burst: 10 });
  const overrides = new OverridesInForce(() => Promise.resolve([]), sizes, clock);
  const permits = new OverriddenPermits({
    ...{ permits: own, overrides },
    shadowed: () => {
      throw new Error('Nobody asked for shadow mode');
    },
  });
  return {
    ...{ permits, clock },
    attempt: (of, traffic, tenant) => Promise.resolve(permits.take(of, traffic, tenant)),
  };
});

describe('permits under what staff says', () => {
  it('keep to a lower rate at once, and to the one of before from the moment of the end on', async () => {
    const { clock, say, granted } = aRig();
    await say({ rate: 2, burst: 1, leftMs: 10_000 });
    expect(granted(50)).toBe(1);
    clock.pass(1);
    expect(granted(50)).toBeLessThanOrEqual(2);
    clock.pass(8.99);
    granted(50);
    clock.pass(0.01);
    expect(granted(50)).toBe(0);
    clock.pass(1);
    expect(granted(50)).toBe(10);
  });

  it('concern the budget that was named alone', async () => {
    const { say, granted } = aRig();
    await say({ rate: 1, burst: 1 });
    expect([granted(50), granted(50, other)]).toEqual([1, 10]);
  });

  it('follow what is set anew, and what is taken back', async () => {
    const { clock, own, say } = aRig();
    await say({ rate: 2 });
    clock.pass(1);
    await say({ rate: 15 });
    expect(own.look(budget).rate).toBe(15);
    await say();
    expect(own.look(budget).rate).toBe(10);
  });

  it("stay as staff said when refusals turn out to be one tenant's own", async () => {
    const { clock, own, permits, say } = aRig();
    const serve = (tenant: string) => permits.answered(budget, { tenant, ms: 20, failed: false, headers: {} });
    for (const tenant of ['b', 'c', 'd', 'b', 'c', 'd']) serve(tenant);
    permits.throttled(budget, 1, 'noisy');
    clock.pass(1.1);
    await say({ rate: 2 });
    for (let n = 0; n < 4; n += 1) {
      serve('b');
      permits.throttled(budget, 1, 'noisy');
      clock.pass(1.1);
    }
    expect(own.look(budget).ofOne).toMatchObject([{ tenant: 'noisy' }]);
    expect(own.look(budget).rate).toBeLessThanOrEqual(2);
    clock.pass(30);
    expect(own.look(budget).rate).toBeLessThanOrEqual(2);
  });

  it('hand out to those who wait by what is said now', async () => {
    const { clock, permits, say, granted } = aRig();
    await say({ rate: 0.5, burst: 1 });
    granted(1);
    let served = 0;
    for (let n = 0; n < 5; n += 1)
      void permits.ask(budget, 'bulk', { tenant: 'a', patienceMs: 60_000 }).then(() => (served += 1));
    await say({ rate: 10 });
    clock.pass(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(served).toBe(5);
  });

  it('end where nobody calls, too', async () => {
    const { clock, own, overrides, say } = aRig();
    await say({ rate: 2, leftMs: 5000 });
    clock.pass(5);
    overrides.settle();
    expect(own.look(budget).rate).toBe(10);
    expect(overrides.of(budget)).toBeUndefined();
  });

  it('go on as they are known while PostgreSQL is away, and no longer than was said', async () => {
    const clock = new ManualClock();
    const { sizes } = permitsBesideHub(clock);
    let away = false;
    const row: RunningOverride = {
      ...{ opcoId: 'akto', environment: 'test', rate: 2, burst: null, mode: 'enforce', reason: 'essai' },
      ...{ setBy: 'cli', setAt: new Date(0), expiresAt: new Date(60_000), leftMs: 60_000 },
    };
    const overrides = new OverridesInForce(
      () => (away ? Promise.reject(new Error('away')) : Promise.resolve([row])),
      sizes,
      clock,
    );
    await overrides.load();
    away = true;
    clock.pass(59);
    await expect(overrides.load()).rejects.toThrow('away');
    expect(overrides.of(budget)?.rate).toBe(2);
    clock.pass(1);
    expect(overrides.of(budget)).toBeUndefined();
  });

  it('are read once more when a change is announced while they are being read', async () => {
    const { clock, sizes } = aRig();
    const answers: ((rows: RunningOverride[]) => void)[] = [];
    const overrides = new OverridesInForce(() => new Promise((resolve) => answers.push(resolve)), sizes, clock);
    const both = [overrides.load(), overrides.load()];
    answers[0]?.([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toHaveLength(2);
    answers[1]?.([]);
    await Promise.all(both);
  });
});

describe('permits in shadow mode', () => {
  it('hold nobody back, and count whom they would have held back', async () => {
    const { say, granted, counted } = aRig();
    await say({ mode: 'shadow' });
    expect(granted(25)).toBe(25);
    expect(counted).toEqual(Array.from({ length: 15 }, () => `${budget} interactive`));
    expect(granted(15, other)).toBe(10);
  });

  it('keep every pause that the OPCO asked for, and count nothing meanwhile', async () => {
    const { clock, permits, say, granted, counted } = aRig();
    await say({ mode: 'shadow' });
    permits.throttled(budget, 5);
    expect(granted(20)).toBe(0);
    clock.pass(4.99);
    expect(granted(20)).toBe(0);
    expect(counted).toEqual([]);
    clock.pass(0.01);
    expect(granted(20)).toBe(20);
  });

  it('hold back a tenant that the OPCO refuses at its own key, as ever, and serve the others', async () => {
    const { clock, permits, say, granted } = aRig();
    await say({ mode: 'shadow' });
    const serve = (tenant: string) => permits.answered(budget, { tenant, ms: 20, failed: false, headers: {} });
    for (const tenant of ['b', 'c', 'd', 'b', 'c', 'd']) serve(tenant);
    for (let n = 0; n < 3; n += 1) {
      permits.throttled(budget, 1, 'noisy');
      clock.pass(1.1);
      serve('b');
    }
    permits.throttled(budget, 30, 'noisy');
    clock.pass(2);
    expect([granted(20, budget, 'noisy'), granted(20, budget, 'b')]).toEqual([0, 20]);
    clock.pass(60);
    const own = granted(20, budget, 'noisy');
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(20);
  });

  it('let through at once whoever would stand in line, and have it wait for the end of a short pause', async () => {
    const { clock, permits, say, granted, counted } = aRig();
    await say({ mode: 'shadow' });
    granted(10);
    const asking = { tenant: 'a', patienceMs: 1000 };
    expect(await permits.ask(budget, 'bulk', asking)).toMatchObject({ granted: true });
    expect(counted).toEqual([`${budget} bulk`]);
    permits.throttled(budget, 0.5);
    const waiting = permits.ask(budget, 'bulk', asking);
    clock.pass(1);
    expect(await waiting).toMatchObject({ granted: true });
    expect(counted).toHaveLength(1);
  });

  it('take nothing for what they let through, hence give nothing back', async () => {
    const { clock, permits, say, granted } = aRig();
    await say({ mode: 'shadow', leftMs: 1000 });
    granted(10);
    const over = permits.take(budget, 'bulk');
    if (over.granted) over.permit.release();
    clock.pass(1);
    expect(granted(50)).toBe(10);
  });
});
