import { permitsConformance } from '../../test/conformance/permits.js';
import { ManualClock } from '../../test/support/an-exchange.js';
import { LocalPermits } from './local-permits.js';

permitsConformance('local', () => {
  const clock = new ManualClock();
  const permits = new LocalPermits(clock);
  for (const budget of ['one', 'two']) permits.declare(budget, { rate: 10, burst: 10 });
  return { permits, clock };
});

describe('local permits', () => {
  it('bound a budget that nobody declared', () => {
    const permits = new LocalPermits(new ManualClock());
    expect(permits.take('unheard-of', 'interactive').granted).toBe(true);
    expect(permits.take('unheard-of', 'interactive').granted).toBe(false);
  });

  it('serve bulk traffic out of a bucket of one', () => {
    const permits = new LocalPermits(new ManualClock());
    permits.declare('small', { rate: 1, burst: 1 });
    expect(permits.take('small', 'bulk').granted).toBe(true);
  });
});
