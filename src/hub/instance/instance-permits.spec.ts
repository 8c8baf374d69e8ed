import { permitsConformance } from '../../../test/conformance/permits.js';
import { permitsBesideHub } from '../../../test/support/a-hub.js';
import { ManualClock } from '../../../test/support/an-exchange.js';

function beside() {
  const clock = new ManualClock();
  const { permits, sizes } = permitsBesideHub(clock);
  for (const budget of ['one', 'two']) sizes.declare(budget, { rate: 10, burst: 10 });
  return { permits, clock };
}

permitsConformance('beside a hub', beside);

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
