import type { Clock } from '../../src/core/clock.js';
import { besideHub } from '../../src/hub/central/beside.js';
import { Hub } from '../../src/hub/central/hub.js';
import { BudgetSizes } from '../../src/hub/central/sizes.js';
import { InstancePermits } from '../../src/hub/instance/instance-permits.js';
import { systemTimers } from '../../src/hub/timers.js';
import { ManualClock } from './an-exchange.js';

/** The permits of a process whose hub lives in it, as in the default installation. */
export function permitsBesideHub(clock: Clock): { permits: InstancePermits; sizes: BudgetSizes; hub: Hub } {
  const timers = clock instanceof ManualClock ? clock : systemTimers;
  const sizes = new BudgetSizes();
  const hub = new Hub({ clock, timers, sizes, epoch: 1 });
  const permits = new InstancePermits({ clock, timers, sizes, name: 'here' });
  permits.connect((listener) => besideHub(hub, 'here', listener));
  return { permits, sizes, hub };
}
