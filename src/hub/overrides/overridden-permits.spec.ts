import { permitsConformance } from '../../../test/conformance/permits.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { budgetKey } from '../../core/keys.js';
import { LocalPermits } from '../local-permits.js';
import { OverriddenPermits } from './overridden-permits.js';
import type { RunningOverride } from './override.js';
import { OverridesInForce } from './overrides-in-force.js';

const budget = budgetKey('akto', 'test');
const other = budgetKey('akto', 'live');

/** Permits of 10 a second with a burst of 10, and a way for staff to speak. */
function aRig(budgets: readonly string[] = [budget, other]) {
  const clock = new ManualClock();
  const local = new LocalPermits(clock);
  for (const each of budgets) local.declare(each, { rate: 10, burst: 10, ceiling: 20 });
  let rows: RunningOverride[] = [];
  const overrides = new OverridesInForce(() => Promise.resolve(rows), local, clock);
  const counted: string[] = [];
  const permits = new OverriddenPermits({
    ...{ permits: local, holder: local, overrides },
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
  return { clock, local, overrides, permits, counted, say, granted };
}

permitsConformance('under what staff says, while it says nothing', () => {
  const clock = new ManualClock();
  const local = new LocalPermits(clock);
  for (const each of ['one', 'two']) local.declare(each, { rate: 10, burst: 10 });
  const overrides = new OverridesInForce(() => Promise.resolve([]), local, clock);
  const permits = new OverriddenPermits({
    ...{ permits: local, holder: local, overrides },
    shadowed: () => {
      throw new Error('Nobody asked for shadow mode');
    },
  });
  return { permits, clock };
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
    const { clock, local, say } = aRig();
    await say({ rate: 2 });
    clock.pass(1);
    await say({ rate: 15 });
    expect(local.look(budget)).toMatchObject({ rate: 15, ceiling: 15 });
    await say();
    expect(local.look(budget)).toMatchObject({ rate: 10, ceiling: 20 });
  });

  it('end where nobody calls, too', async () => {
    const { clock, local, overrides, say } = aRig();
    await say({ rate: 2, leftMs: 5000 });
    clock.pass(5);
    overrides.settle();
    expect(local.look(budget).rate).toBe(10);
    expect(overrides.of(budget)).toBeUndefined();
  });

  it('go on as they are known while PostgreSQL is away, and no longer than was said', async () => {
    const clock = new ManualClock();
    const local = new LocalPermits(clock);
    local.declare(budget, { rate: 10, burst: 10 });
    let away = false;
    const row: RunningOverride = {
      ...{ opcoId: 'akto', environment: 'test', rate: 2, burst: null, mode: 'enforce', reason: 'essai' },
      ...{ setBy: 'cli', setAt: new Date(0), expiresAt: new Date(60_000), leftMs: 60_000 },
    };
    const overrides = new OverridesInForce(
      () => (away ? Promise.reject(new Error('away')) : Promise.resolve([row])),
      local,
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
    const { clock, local } = aRig();
    const answers: ((rows: RunningOverride[]) => void)[] = [];
    const overrides = new OverridesInForce(() => new Promise((resolve) => answers.push(resolve)), local, clock);
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

  it("keep a tenant's own pause at its own key, and serve the others", async () => {
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
    clock.pass(28);
    expect(granted(20, budget, 'noisy')).toBe(20);
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
