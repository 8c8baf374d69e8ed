const dist = '../../dist/src/hub';
const { besideHub } = await import(`${dist}/central/beside.js`);
const { Hub } = await import(`${dist}/central/hub.js`);
const { BudgetSizes } = await import(`${dist}/central/sizes.js`);
const { Desk } = await import(`${dist}/instance/desk.js`);
const { InstancePermits } = await import(`${dist}/instance/instance-permits.js`);
const { systemTimers } = await import(`${dist}/timers.js`);

const times = 200_000;

/** Microseconds of CPU that one of many takes, the least of seven rounds. */
function least(once) {
  let best = Infinity;
  for (let round = 0; round < 7; round += 1) {
    const begun = process.cpuUsage();
    for (let n = 0; n < times; n += 1) once();
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, (user + system) / times);
  }
  return best;
}

/** What a permit costs where no message is needed: beside a hub, and out of the store that was taken ahead. */
export function decisionCost() {
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const sizes = new BudgetSizes();
  sizes.declare('bench', { rate: 1e9, burst: 1e9 });
  const hub = new Hub({ clock, timers: systemTimers, sizes, epoch: 1 });
  const permits = new InstancePermits({ clock, timers: systemTimers, sizes, name: 'here' });
  permits.connect((listener) => besideHub(hub, 'here', listener));
  const beside = least(() => permits.take('bench', 'interactive', 'tenant'));
  permits.close();
  const desk = new Desk();
  desk.store(1e9);
  const stored = least(() => desk.take('interactive', 'tenant', clock.elapsed()));
  return (
    `A local decision, least of 7 rounds of CPU time, Node ${process.versions.node}: ${beside.toFixed(2)} us beside a hub in the same ` +
    `process, ${stored.toFixed(2)} us out of the store of an instance whose hub is elsewhere.\n`
  );
}
