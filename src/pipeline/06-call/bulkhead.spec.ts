import { ManualClock } from '../../../test/support/an-exchange.js';
import { Bulkhead } from './bulkhead.js';

const patience = { ms: 1000 };

describe('a bulkhead', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('lets as many in as there are places, then the longest waiting for each that leaves', async () => {
    const bulkhead = new Bulkhead(2, new ManualClock());
    const leave = [bulkhead.enter(patience), bulkhead.enter(patience)] as (() => void)[];
    const order: string[] = [];
    const third = Promise.resolve(bulkhead.enter(patience)).then(() => order.push('third'));
    const fourth = Promise.resolve(bulkhead.enter(patience)).then(() => order.push('fourth'));
    expect(bulkhead.load).toEqual({ inside: 2, waiting: 2 });
    leave[0]?.();
    await third;
    expect(order).toEqual(['third']);
    leave[1]?.();
    await fourth;
    expect(bulkhead.load).toEqual({ inside: 2, waiting: 0 });
  });

  it('refuses at once when eight wait for each place, and says how long they will take', () => {
    const clock = new ManualClock();
    const bulkhead = new Bulkhead(1, clock);
    for (let turn = 0; turn < 50; turn += 1) {
      const leave = bulkhead.enter(patience);
      clock.pass(0.5);
      if (typeof leave === 'function') leave();
    }
    const inLine = Array.from({ length: 9 }, () => bulkhead.enter(patience));
    expect(inLine).toHaveLength(9);
    expect(() => bulkhead.enter(patience)).toThrow(
      expect.objectContaining({
        code: 'OVERLOADED',
        details: expect.objectContaining({ retryAfterSeconds: 5, sent: 'not-sent' }) as object,
      }) as Error,
    );
  });

  it('lets nobody wait longer than his patience, nor after he has left', async () => {
    const bulkhead = new Bulkhead(1, new ManualClock());
    const leave = bulkhead.enter(patience) as () => void;
    const left = new AbortController();
    const late = expect(bulkhead.enter(patience)).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      details: { sent: 'not-sent' },
    });
    const gone = expect(bulkhead.enter({ ms: 5000, signal: left.signal })).rejects.toMatchObject({
      code: 'UPSTREAM_ERROR',
      details: { sent: 'not-sent' },
    });
    jest.advanceTimersByTime(1000);
    left.abort();
    await Promise.all([late, gone]);
    expect(bulkhead.load).toEqual({ inside: 1, waiting: 0 });
    leave();
    expect(bulkhead.load).toEqual({ inside: 0, waiting: 0 });
    expect(jest.getTimerCount()).toBe(0);
  });
});
