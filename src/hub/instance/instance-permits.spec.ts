import { permitsConformance, type PermitsRig } from '../../../test/conformance/permits.js';
import { permitsBesideHub } from '../../../test/support/a-hub.js';
import { lineTo } from '../../../test/support/a-line-in-time.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { Hub } from '../central/hub.js';
import { BudgetSizes } from '../central/sizes.js';
import { leaseTimes } from '../leases/lease-book.js';
import type { Line } from '../link.js';
import { InstancePermits } from './instance-permits.js';

function beside(): PermitsRig {
  const clock = new ManualClock();
  const { permits, sizes } = permitsBesideHub(clock);
  for (const budget of ['one', 'two']) sizes.declare(budget, { rate: 10, burst: 10 });
  return {
    ...{ permits, clock },
    attempt: (budget, traffic, tenant) => Promise.resolve(permits.take(budget, traffic, tenant)),
  };
}

/** A hub and so many instances that reach it over lines. */
function atADistance(instances = 1) {
  const clock = new ManualClock();
  const sizes = new BudgetSizes();
  for (const budget of ['one', 'two']) sizes.declare(budget, { rate: 10, burst: 10 });
  const hub = new Hub({ clock, timers: clock, sizes, epoch: 1 });
  const all = Array.from({ length: instances }, (_, n) => {
    const permits = new InstancePermits({ clock, timers: clock, sizes, name: `i${n}` });
    permits.connect((listener) => lineTo(hub, `i${n}`, listener, clock));
    return permits;
  });
  // Each confirms what it has heard: then the hub is sure of it.
  clock.pass(1);
  const [permits, other] = all;
  if (!permits) throw new Error('There is no instance');
  return { clock, sizes, hub, all, permits, other: other ?? permits };
}

function overALine(): PermitsRig {
  const { permits, clock } = atADistance();
  return {
    ...{ permits, clock },
    attempt: (budget, traffic, tenant = 'somebody') => {
      const moment = new AbortController();
      const asked = permits.ask(budget, traffic, { tenant, patienceMs: 1, signal: moment.signal });
      clock.pass(0);
      moment.abort();
      return asked;
    },
  };
}

permitsConformance('beside a hub', beside);
permitsConformance('over a line to a hub', overALine);

describe('permits beside a hub', () => {
  it('bound a budget that nobody declared', () => {
    const { permits } = permitsBesideHub(new ManualClock());
    expect(permits.take('unheard-of', 'interactive').granted).toBe(true);
    expect(permits.take('unheard-of', 'interactive').granted).toBe(false);
  });

  it('serve bulk traffic out of a bucket of one', () => {
    const { permits, sizes } = permitsBesideHub(new ManualClock());
    sizes.declare('small', { rate: 1, burst: 1 });
    expect(permits.take('small', 'bulk').granted).toBe(true);
  });
});

/** Permits that an instance has in so many seconds, if it asks all the time. */
async function had(permits: InstancePermits, clock: ManualClock, seconds: number): Promise<number> {
  let count = 0;
  for (let passed = 0; passed < seconds; passed += 0.05) {
    for (let n = 0; n < 3; n += 1) {
      void permits
        .ask('one', 'job', { tenant: 'a', patienceMs: 50 })
        .then(({ granted }) => void (granted && (count += 1)));
    }
    clock.pass(0.05);
    await new Promise(setImmediate);
  }
  return count;
}

describe('permits without a hub', () => {
  it('are a safe part of what is declared where none was ever heard: not nothing, not everything', async () => {
    const clock = new ManualClock();
    const sizes = new BudgetSizes();
    sizes.declare('one', { rate: 10, burst: 10 });
    const permits = new InstancePermits({ clock, timers: clock, sizes, name: 'alone' });
    expect(permits.state()).toMatchObject({ mode: 'safe', epoch: 0, connected: false, aloneShare: 0.1 });
    const count = await had(permits, clock, 20);
    expect(count).toBeGreaterThanOrEqual(18);
    expect(count).toBeLessThanOrEqual(21);
  });

  it('come out of the lease while it lasts, then out of the safe part, and come back with the hub without a storm', async () => {
    const { permits, hub, clock, sizes } = atADistance();
    await had(permits, clock, 3);
    hub.close('STOPPED');
    await had(permits, clock, leaseTimes.quietMs / 1000 + 0.1);
    expect(permits.state()).toMatchObject({ mode: 'lease', connected: false });
    const onLease = await had(permits, clock, 4);
    expect(onLease).toBeGreaterThanOrEqual(30);
    expect(onLease).toBeLessThanOrEqual(37);
    await had(permits, clock, leaseTimes.leaseMs / 1000);
    expect(permits.state()).toMatchObject({ mode: 'safe' });
    expect(await had(permits, clock, 10)).toBeLessThanOrEqual(11);
    const next = new Hub({ clock, timers: clock, sizes, epoch: 2, predecessor: { members: 1 } });
    permits.connect((listener) => lineTo(next, 'i0', listener, clock));
    clock.pass(1);
    expect(permits.state()).toMatchObject({ mode: 'granted', epoch: 2, connected: true });
    expect(await had(permits, clock, 5)).toBeLessThanOrEqual(6);
    await had(permits, clock, leaseTimes.leaseMs / 1000);
    expect(await had(permits, clock, 2)).toBeGreaterThanOrEqual(19);
  });

  it('go by what was learnt last, also where the hub was in the same process', () => {
    const clock = new ManualClock();
    const { permits, sizes, hub } = permitsBesideHub(clock);
    sizes.declare('one', { rate: 10, burst: 10 });
    permits.throttled('one', 1);
    clock.pass(1.1);
    permits.throttled('one', 1);
    clock.pass(10);
    const learnt = permits.look('one').rate;
    expect(learnt).toBeLessThan(9);
    hub.close('NOT_LEADING');
    clock.pass(3);
    expect(permits.state()).toMatchObject({ mode: 'lease', connected: false });
    expect(permits.look('one').rate).toBeCloseTo(learnt, 1);
  });

  it.each([
    ['that the hub told', (rig: ReturnType<typeof atADistance>) => rig.other.throttled('one', 30), () => undefined],
    [
      'that it heard of itself',
      () => undefined,
      ({ permits }: ReturnType<typeof atADistance>) => permits.throttled('one', 30),
    ],
  ])('are none before the end of a pause %s', async (_what, before, after) => {
    const rig = atADistance(2);
    const { permits, hub, clock } = rig;
    before(rig);
    clock.pass(0.1);
    hub.close('STOPPED');
    clock.pass(0.1);
    after(rig);
    expect(await had(permits, clock, 29)).toBe(0);
    expect(permits.state().mode).toBe('safe');
    expect(await had(permits, clock, 5)).toBeGreaterThan(0);
  });

  it('are hardly any for whom the hub has sent away', async () => {
    const { permits, hub, clock } = atADistance();
    hub.revoke('i0', 'SECRET_CHANGED');
    clock.pass(0);
    expect(permits.state()).toMatchObject({ mode: 'safe', connected: false, aloneShare: 0.01 });
  });
});

describe('a permit that one hub granted', () => {
  it('is not given back to the next one, over a line that opens again by itself', async () => {
    const clock = new ManualClock();
    const sizes = new BudgetSizes();
    sizes.declare('one', { rate: 10, burst: 10 });
    const [first, next] = [1, 2].map((epoch) => new Hub({ clock, timers: clock, sizes, epoch })) as [Hub, Hub];
    const permits = new InstancePermits({ clock, timers: clock, sizes, name: 'i' });
    let open: ((hub: Hub) => Line) | undefined;
    let line: Line | undefined;
    permits.connect((listener) => {
      open = (hub) => lineTo(hub, 'i', listener, clock);
      line = lineTo(first, 'i', listener, clock);
      return { say: (message) => line?.say(message) ?? false, close: () => line?.close() };
    });
    const attempt = async () => {
      const leaving = new AbortController();
      const asked = permits.ask('one', 'interactive', { tenant: 't', patienceMs: 1, signal: leaving.signal });
      clock.pass(0);
      leaving.abort();
      return asked;
    };
    clock.pass(0.1);
    const had = await attempt();
    if (!had.granted) throw new Error('It was refused');
    first.close('STOPPED');
    line = open?.(next);
    clock.pass(0.1);
    while ((await attempt()).granted);
    had.permit.release();
    clock.pass(0);
    expect((await attempt()).granted).toBe(false);
    permits.close();
  });
});

describe('several instances at one hub', () => {
  it('share one budget alike', async () => {
    const { all, clock } = atADistance(3);
    const counts = new Map<string, number>();
    for (let passed = 0; passed < 6; passed += 0.05) {
      all.forEach((permits, rank) => {
        for (let n = 0; n < 2; n += 1) {
          void permits
            .ask('one', 'job', { tenant: `t${rank}`, patienceMs: 1000 })
            .then(({ granted }) => void (granted && counts.set(`t${rank}`, (counts.get(`t${rank}`) ?? 0) + 1)));
        }
      });
      clock.pass(0.05);
      await new Promise(setImmediate);
    }
    const each = [...counts.values()];
    const sum = each.reduce((total, count) => total + count, 0);
    expect(each).toHaveLength(3);
    expect(sum).toBeLessThanOrEqual(10 + 61);
    expect(sum).toBeGreaterThanOrEqual(58);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(8);
  });

  it('all pause when one of them is refused, those with permits in store too', async () => {
    const { permits, other, clock } = atADistance(2);
    other.take('one', 'interactive');
    clock.pass(0.1);
    permits.throttled('one', 5);
    clock.pass(0);
    expect(other.take('one', 'interactive')).toMatchObject({ granted: false });
    expect(other.look('one').pausedSeconds).toBeGreaterThan(4.9);
  });

  it('get back at once what one of them holds when it ends', async () => {
    const { permits, hub, clock } = atADistance(2);
    expect(hub.members).toBe(2);
    permits.close();
    clock.pass(0);
    expect([hub.members, hub.connected]).toEqual([1, ['i1']]);
  });
});
