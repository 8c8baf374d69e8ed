import { lineTo } from '../../../test/support/a-line-in-time.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { budgetKey } from '../../core/keys.js';
import { InstancePermits } from '../instance/instance-permits.js';
import { Hub } from './hub.js';
import { BudgetSizes } from './sizes.js';

const budget = budgetKey('akto', 'test');

describe('permits that a hub grants over lines', () => {
  it('are together no more than staff says', async () => {
    const clock = new ManualClock();
    const sizes = new BudgetSizes();
    sizes.declare(budget, { rate: 10, burst: 10 });
    const hub = new Hub({ clock, timers: clock, sizes, epoch: 1 });
    const instances = ['a', 'b'].map((name) => {
      const permits = new InstancePermits({ clock, timers: clock, sizes, name });
      permits.connect((listener) => lineTo(hub, name, listener, clock));
      return permits;
    });
    clock.pass(2);
    const grantedIn = async (seconds: number) => {
      let count = 0;
      for (let n = 0; n < seconds * 10; n += 1) {
        const asked = instances.map((each) => each.ask(budget, 'interactive', { tenant: 't', patienceMs: 100 }));
        clock.pass(0.1);
        count += (await Promise.all(asked)).filter((each) => each.granted).length;
      }
      return count;
    };
    expect(await grantedIn(10)).toBeGreaterThan(60);
    sizes.holdTo(budget, { rate: 2, burst: 1 });
    await grantedIn(1);
    expect(await grantedIn(10)).toBeLessThanOrEqual(1 + 2 * 10 + 1);
    sizes.holdTo(budget, undefined);
    expect(await grantedIn(10)).toBeGreaterThan(60);
    for (const each of instances) each.close();
  });
});
